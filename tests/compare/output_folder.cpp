#include "../../examples/compare/output_folder.hpp"

#include <sys/resource.h>
#include <cstddef>

#include <csignal>
#include <fstream>
#include <iterator>

#include "../catch.hpp"

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

struct scratch {
  fs::path path = fs::temp_directory_path() / ("cohort_output_folder." + std::to_string(::getpid()));
  scratch() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~scratch() { fs::remove_all(path); }
};

/// While it lives, no file grows beyond so many bytes; the system reports it as it does a full disk, by a failed write.
struct small_disk {
  rlimit before{};
  void (*handler)(int);
  explicit small_disk(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit const limit{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~small_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }
};

void put(fs::path const& path, std::string const& text) { std::ofstream{path} << text; }

std::string get(fs::path const& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::ptrdiff_t entries(fs::path const& folder) { return std::distance(fs::directory_iterator{folder}, {}); }

std::vector<compare::named_text> const run{
    {"summary.json", "{}\n"}, {"curves.csv", "algorithm\n"}, {"report.html", "<!DOCTYPE html>\n"}};

}  // namespace

TEST_CASE("output_folder: makes the folder with its parents, leaves nothing there, and writes a run") {
  scratch const here;
  auto const folder = here.path / "a" / "b";
  compare::output_folder const out{folder, false};
  CHECK(entries(folder) == 0);
  out.write(run);
  CHECK(entries(folder) == 3);
  for (auto const& file : run) CHECK(get(folder / file.name) == file.text);
}

TEST_CASE("output_folder: a folder that holds a run, or part of one, is refused unless it may be overwritten") {
  for (auto const name : compare::output_folder::run_files) {
    scratch const here;
    put(here.path / name, "old");
    CHECK_THROWS_WITH(
        (compare::output_folder{here.path, false}),
        ContainsSubstring("already holds a run (" + std::string{name} + ")") && ContainsSubstring("--overwrite"));
    CHECK(get(here.path / name) == "old");
    compare::output_folder{here.path, true}.write(run);
    CHECK(get(here.path / "summary.json") == "{}\n");
  }
}

TEST_CASE("output_folder: other files are neither an obstacle nor touched") {
  scratch const here;
  put(here.path / "notes.txt", "mine");
  compare::output_folder{here.path, false}.write(run);
  CHECK(get(here.path / "notes.txt") == "mine");
  CHECK(entries(here.path) == 4);
}

TEST_CASE("output_folder: what can't be a folder, or can't be written to, is refused at once") {
  scratch const here;
  put(here.path / "file", "x");
  CHECK_THROWS_WITH((compare::output_folder{here.path / "file", true}),
                    ContainsSubstring("can't create the output folder"));
  CHECK_THROWS_WITH((compare::output_folder{here.path / "file" / "below", true}),
                    ContainsSubstring("can't create the output folder"));
  CHECK_THROWS_WITH((compare::output_folder{"", true}), ContainsSubstring("no name"));
  fs::create_directory(here.path / "report.html");
  CHECK_THROWS_WITH((compare::output_folder{here.path, true}), ContainsSubstring("is a folder"));
  fs::create_directory(here.path / "locked");
  fs::permissions(here.path / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  if (::geteuid() != 0)
    CHECK_THROWS_WITH((compare::output_folder{here.path / "locked", true}),
                      ContainsSubstring("can't write to the output folder"));
}

TEST_CASE("output_folder: a disk that is full from the start is found before training") {
  scratch const here;
  small_disk const full{0};
  CHECK_THROWS_WITH((compare::output_folder{here.path, true}), ContainsSubstring("can't write to the output folder"));
  CHECK(entries(here.path) == 0);
}

TEST_CASE("output_folder: a disk that fills up leaves the old run as it was, and no temporary files") {
  scratch const here;
  compare::output_folder const out{here.path, false};
  out.write(run);
  auto larger = run;
  for (auto& file : larger) file.text = "new " + file.text;
  larger[2].text.resize(10'000, 'x');
  {
    small_disk const full{5'000};
    CHECK_THROWS_WITH(out.write(larger), ContainsSubstring("can't write the run to " + here.path.string()));
  }
  CHECK(entries(here.path) == 3);
  for (auto const& file : run) CHECK(get(here.path / file.name) == file.text);
  out.write(larger);
  CHECK(get(here.path / "report.html").size() == 10'000);
}

TEST_CASE("output_folder: a write to a full device is an error") {
  if (fs::exists("/dev/full")) CHECK_THROWS_AS(compare::detail::write_file("/dev/full", "text"), std::system_error);
}
