#include <cohort/hook/tensorboard_log.hpp>
#include <fstream>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/golden.hpp"

// What the files mean to TensorBoard itself is in tests/peers/tensorboard_log.py.

using namespace cohort;
namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<fs::path> files_in(fs::path const& folder) {
  std::vector<fs::path> all;
  for (auto const& entry : fs::directory_iterator(folder)) all.push_back(entry.path());
  return all;
}

std::vector<double> bytes(std::string const& text) {
  std::vector<double> all;
  for (unsigned char c : text) all.push_back(c);
  return all;
}

double fixed_clock() { return 1.5e9; }

}  // namespace

TEST_CASE("tensorboard_log: records and a file of two updates are those of TensorBoard's own writer, byte by byte",
          "[golden]") {
  auto const recorded = golden::read("hook/events.txt");
  CHECK(bytes(detail::tf_record("")) == golden::row(recorded, "record/nothing"));
  CHECK(bytes(detail::tf_record("brain.Event:2")) == golden::row(recorded, "record/text"));
  files::scratch const f;
  {
    tensorboard_log log(f.path / "a/b", existing::refuse,
                        {{"mine", [](train_report const& r) { return double(r.updates); }}}, fixed_clock);
    train_report r;
    r.metrics.loss = .1, r.metrics.entropy = .5;
    r.steps = 300, r.updates = 1, r.mean_return = -3;
    log.on_update(r);
    r.steps = 70000, r.updates = 2, r.mean_return = 1.5;
    log.on_update(r);
  }
  auto const written = files_in(f.path / "a/b");
  REQUIRE(written.size() == 1);
  CHECK(written[0].filename() == "events.out.tfevents.1500000000.cohort");
  CHECK(bytes(files::get(written[0])) == golden::row(recorded, "file"));
}

TEST_CASE("tensorboard_log: a folder with an event file is refused, or the file replaced; and what cannot be is said") {
  files::scratch const f;
  {
    tensorboard_log log(f.path);
  }
  auto const first = files_in(f.path);
  REQUIRE(first.size() == 1);
  CHECK_THROWS_WITH(tensorboard_log(f.path),
                    "tensorboard_log: " + first[0].string() + " exists already, and was not to be replaced");
  CHECK(files_in(f.path) == first);
  std::ofstream(f.path / "notes.txt") << "mine";
  {
    tensorboard_log log(f.path, existing::replace, {}, fixed_clock);
  }
  CHECK(files_in(f.path).size() == 2);
  CHECK(fs::exists(f.path / "notes.txt"));
  CHECK(fs::exists(f.path / "events.out.tfevents.1500000000.cohort"));
  CHECK_THROWS_WITH(tensorboard_log(f.path / "notes.txt"), ContainsSubstring("notes.txt cannot be made: "));
  CHECK_THROWS_WITH(tensorboard_log("/proc/here"), ContainsSubstring("tensorboard_log: /proc/here cannot be made: "));
  auto one = [](train_report const&) { return 1.; };
  CHECK_THROWS_WITH(tensorboard_log(f.path / "other", {{"train/loss", one}}),
                    "tensorboard_log: there are two columns 'train/loss', expected each name once");
  CHECK(!fs::exists(f.path / "other"));
}

TEST_CASE(
    "tensorboard_log: a run that goes on gets a file of its own behind the first, which says from which step on") {
  files::scratch const f;
  train_report r;
  r.completions.count = 1, r.updates = 7;
  {
    tensorboard_log log(f.path, existing::refuse, {}, fixed_clock);
    log.on_update(r);
  }
  auto const first = files::get(f.path / "events.out.tfevents.1500000000.cohort");
  {
    tensorboard_log log(f.path, existing::append, {}, fixed_clock);
    r.updates = 5;
    log.on_update(r);
    log.on_update(r);
  }
  CHECK(files::get(f.path / "events.out.tfevents.1500000000.cohort") == first);
  auto const second = files::get(f.path / "events.out.tfevents.1500000001.cohort");
  // An Event by its schema: wall_time (1) as a double, step (2), session_log (7) with status (1) START (1).
  double const now = fixed_clock();
  std::string start =
      "\x09" + std::string(reinterpret_cast<char const*>(&now), sizeof now) + "\x10\x05\x3a\x02\x08\x01";
  std::string const record = detail::tf_record(start);
  auto const at = second.find(record);
  CHECK(at != second.npos);
  CHECK(second.find(record, at + 1) == second.npos);
  CHECK(at < second.find("loss"));
}
