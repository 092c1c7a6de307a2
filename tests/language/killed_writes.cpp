#include <cohort/language/files/model_files.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/killed_anywhere.hpp"

using namespace cohort;
using files::scratch;
namespace fs = std::filesystem;

namespace {

/// A process that has begun to write the file, and waits.
struct writer {
  pid_t process = -1;
  explicit writer(fs::path const& path) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    process = ::fork();
    if (process == 0) {
      file::new_file file(path, existing::replace);
      file.write("begun");
      if (::write(ready[1], "x", 1) == 1)
        for (;;) ::pause();
      ::_exit(1);
    }
    char byte;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]), ::close(ready[1]);
  }
  ~writer() { kill(); }
  void kill() {
    if (process < 0) return;
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
    process = -1;
  }
};

decoder_options const small{
    .vocabulary = 3, .hidden = 4, .intermediate = 3, .layers = 1, .heads = 1, .context = 4, .rope_base = 1e4};
void write(fs::path const& folder, decoder_options const& o, float value, existing what) {
  auto const tensors = tensors_of(o);
  std::vector<float> const parameters(std::size_t(tensors.back().offset + tensors.back().size()), value);
  language::write_model<float>(folder, o, parameters, what);
}

}  // namespace

TEST_CASE("new_file: what a killed process left is removed when the name is written again, a living one's is not") {
  scratch const here;
  auto const path = here.path / "weights";
  files::put(here.path / "weights.part", "a user's");
  files::put(here.path / "weights.1-2.part.txt", "a user's");
  files::put(here.path / "other.1-2.part", "another file's");
  writer dead(path), living(path);
  dead.kill();
  CHECK(files::entries(here.path) == 5);
  file::new_file file(path);
  CHECK(files::entries(here.path) == 5);  // the dead one's is gone, and this one is there
  file.write("whole");
  file.commit();
  CHECK(files::get(path) == "whole");
  living.kill();
  file::new_file(path, existing::replace);
  CHECK(files::entries(here.path) == 4);
}

TEST_CASE("new_file: a refusal leaves nothing, and what stands there as it was") {
  scratch const here;
  files::put(here.path / "weights", "old");
  CHECK_THROWS_AS(file::new_file(here.path / "weights"), io_error);
  CHECK(files::entries(here.path) == 1);
  CHECK(files::get(here.path / "weights") == "old");
}

TEST_CASE("write_model: killed anywhere, it leaves no config.json beside the weights of another model") {
  bool const in_memory = fs::exists("/dev/shm");  // a disk takes its time
  fs::path const folder =
      (in_memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / ("cohort_killed." + std::to_string(::getpid()));
  auto larger = small;
  larger.hidden = 6;
  int seen_old = 0, seen_new = 0, seen_none = 0;
  auto const again = [&] { write(folder, larger, 2, existing::replace); };
  auto const look = [&] {
    if (fs::exists(folder / "config.json")) {
      auto const shape = language::read_config(folder);
      auto const tensors = tensors_of(shape);
      std::vector<float> found(std::size_t(tensors.back().offset + tensors.back().size()));
      language::read_parameters<float>(folder, shape, found);
      CHECK(found[0] == (shape.hidden == 4 ? 1 : 2));
      ++(shape.hidden == 4 ? seen_old : seen_new);
    } else {
      ++seen_none;
    }
    again();
    CHECK(files::entries(folder) == 2);
  };
  int const stops = killed_anywhere(
      [&] {
        fs::remove_all(folder);
        write(folder, small, 1, existing::refuse);
      },
      again, look);
  fs::remove_all(folder);
  if (stops == 0) {
    WARN("no process may watch another here");
    return;
  }
  CHECK(seen_old > 10);
  CHECK(seen_none > 3);
  CHECK(seen_new > 3);
}
