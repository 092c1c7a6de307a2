#include "../../examples/program/output_folder.hpp"

#include <sys/resource.h>
#include <cstddef>

#include <csignal>
#include <fstream>
#include <iterator>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/killed_anywhere.hpp"

using Catch::Matchers::ContainsSubstring;
using files::entries;
using files::get;
using files::put;
using files::scratch;
using files::small_disk;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> const names{"summary.json", "curves.csv", "report.html"};

/// A run whose files all hold the text.
std::vector<program::output> run_of(std::string const& text, std::size_t report = 0) {
  return {program::text_output("summary.json", text), program::text_output("curves.csv", text),
          program::text_output("report.html", text + std::string(report, 'x'))};
}
}  // namespace

TEST_CASE("output_folder: makes the folder with its parents, leaves nothing there, and writes a run") {
  scratch const here;
  auto const folder = here.path / "a" / "b";
  program::output_folder out{folder, false, names};
  CHECK(entries(folder) == 0);
  CHECK_FALSE(out.holds_run());
  out.write(run_of("new"));
  CHECK(out.holds_run());
  CHECK(entries(folder) == 3);
  for (auto const& name : names) CHECK(get(folder / name) == "new");
}

TEST_CASE("output_folder: a folder that holds a run, or part of one, is refused unless it may be overwritten") {
  for (auto const& name : names) {
    scratch const here;
    put(here.path / name, "old");
    CHECK_THROWS_WITH((program::output_folder{here.path, false, names}),
                      ContainsSubstring("already holds a run (" + name + ")") && ContainsSubstring("--overwrite"));
    CHECK(get(here.path / name) == "old");
    program::output_folder{here.path, true, names}.write(run_of("new"));
    CHECK(get(here.path / "summary.json") == "new");
  }
}

TEST_CASE("output_folder: other files are neither an obstacle nor touched") {
  scratch const here;
  put(here.path / "notes.txt", "mine");
  program::output_folder{here.path, false, names}.write(run_of("new"));
  CHECK(get(here.path / "notes.txt") == "mine");
  CHECK(entries(here.path) == 4);
}

TEST_CASE("output_folder: a run is replaced whole, folders of it too") {
  scratch const here;
  std::vector<std::string> const with_model{"summary.json", "log", "model/"};
  auto const model = [](std::string const& file) {
    return program::output{"model", [file](fs::path const& to) {
                             fs::create_directory(to);
                             put(to / file, file);
                           }};
  };
  program::output_folder{here.path, false, with_model}.write(
      {program::text_output("summary.json", "1"), program::text_output("log", "1"), model("first")});
  program::output_folder{here.path, true, with_model}.write(
      {program::text_output("summary.json", "2"), model("second")});
  CHECK(entries(here.path) == 2);  // the new run has no log
  CHECK(entries(here.path / "model") == 1);
  CHECK(get(here.path / "model" / "second") == "second");
}

TEST_CASE("output_folder: what can't be a folder, or can't be written to, is refused at once") {
  scratch const here;
  put(here.path / "file", "x");
  CHECK_THROWS_WITH((program::output_folder{here.path / "file", true, names}),
                    ContainsSubstring("can't create the output folder"));
  CHECK_THROWS_WITH((program::output_folder{here.path / "file" / "below", true, names}),
                    ContainsSubstring("can't create the output folder"));
  CHECK_THROWS_AS((program::output_folder{"", true, names}), program::usage_error);
  CHECK_THROWS_WITH((program::output_folder{here.path, true, {"summary.json", "file/"}}),
                    ContainsSubstring("file is a file, and a folder is to be written there"));
  fs::create_directory(here.path / "report.html");
  CHECK_THROWS_WITH((program::output_folder{here.path, true, names}),
                    ContainsSubstring("is a folder, and a file is to be written there"));
  fs::create_directory(here.path / "locked");
  fs::permissions(here.path / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  if (::geteuid() != 0)
    CHECK_THROWS_WITH((program::output_folder{here.path / "locked", true, names}),
                      ContainsSubstring("can't write to the output folder"));
}

TEST_CASE("output_folder: a disk that is full from the start is found before training") {
  scratch const here;
  small_disk const full{0};
  CHECK_THROWS_WITH((program::output_folder{here.path, true, names}),
                    ContainsSubstring("can't write to the output folder"));
  CHECK(entries(here.path) == 0);
}

TEST_CASE("output_folder: a disk that fills up leaves the old run as it was, and no temporary files") {
  scratch const here;
  program::output_folder out{here.path, false, names};
  out.write(run_of("old"));
  {
    small_disk const full{5'000};
    CHECK_THROWS_WITH(out.write(run_of("new", 10'000)),
                      ContainsSubstring("can't write the run to " + here.path.string()));
  }
  CHECK(entries(here.path) == 3);
  for (auto const& name : names) CHECK(get(here.path / name) == "old");
  out.write(run_of("new", 10'000));
  CHECK(get(here.path / "report.html").size() == 10'003);
}

TEST_CASE("output_folder: a folder that vanished is made again, with what is written along the way") {
  scratch const here;
  auto const folder = here.path / "a" / "b";
  program::output_folder out{folder, false, names};
  auto const first = out.unfinished();
  CHECK(fs::is_directory(first));
  CHECK(out.unfinished() == first);
  fs::remove_all(here.path / "a");
  CHECK(fs::is_directory(out.unfinished()));
  fs::remove_all(here.path / "a");
  out.write(run_of("new"));
  CHECK(entries(folder) == 3);
  for (auto const& name : names) CHECK(get(folder / name) == "new");
}

TEST_CASE("output_folder: killed anywhere, it leaves the old run, the new one, or one without its summary") {
  bool const in_memory = fs::exists("/dev/shm");  // a disk takes its time
  scratch const here{"cohort_test", in_memory ? "/dev/shm" : fs::temp_directory_path()};
  int seen_old = 0, seen_new = 0, seen_none = 0;
  auto const start = [&] {
    fs::create_directory(here.path);
    for (auto const& name : names) put(here.path / name, "old");
  };
  auto const replace = [&] { program::output_folder{here.path, true, names}.write(run_of("new")); };
  auto const look = [&] {
    if (fs::exists(here.path / "summary.json")) {
      auto const text = get(here.path / "summary.json");
      CHECK((text == "old" || text == "new"));
      for (auto const& name : names) CHECK(get(here.path / name) == text);
      ++(text == "old" ? seen_old : seen_new);
    } else {
      ++seen_none;
    }
    // The next start finds nothing in its way, and leaves nothing of the dead.
    program::output_folder const again{here.path, true, names};
    for (auto const& entry : fs::directory_iterator{here.path})
      CHECK(std::find(names.begin(), names.end(), entry.path().filename()) != names.end());
  };
  if (killed_anywhere(start, replace, look) == 0) {
    WARN("no process may watch another here");
    return;
  }
  CHECK(seen_old > 20);
  CHECK(seen_none > 5);
  CHECK(seen_new > 5);
}

TEST_CASE("output_folder: while one process writes there a second is refused, and what it has begun is left to it") {
  scratch const here;
  {
    program::output_folder living{here.path, false, names};
    put(living.unfinished() / "log", "begun");
    CHECK_THROWS_WITH((program::output_folder{here.path, true, names}), ContainsSubstring("another process's"));
    CHECK(get(living.unfinished() / "log") == "begun");
    CHECK(entries(here.path) == 1);
    living.write(run_of("mine"));
  }
  CHECK(entries(here.path) == 3);
  program::output_folder{here.path, true, names}.write(run_of("other"));
  CHECK(get(here.path / "curves.csv") == "other");
}
