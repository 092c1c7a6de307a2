#include <cohort/cohort.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../catch.hpp"

using namespace cohort;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path = fs::temp_directory_path() / ("cohort-hooks-" + std::to_string(std::rand()));
  folder() { fs::create_directories(path); }
  ~folder() { fs::remove_all(path); }
};

std::string read(fs::path const& p) {
  std::ostringstream text;
  text << std::ifstream(p).rdbuf();
  return text.str();
}

train_report halfway() {
  train_report r;
  r.steps = 500;
  r.total_steps = 1000;
  r.seconds = 2;
  r.mean_return = 12.5;
  r.episodes = 3;
  r.updates = 1;
  r.metrics = {.loss = .5, .entropy = .25, .approximate_kl = .125, .gradient_norm = 4};
  return r;
}

}  // namespace

TEST_CASE("csv_log: a header, then a row for each update") {
  folder f;
  {
    csv_log log((f.path / "run.csv").string());
    log.on_update(halfway());
  }
  CHECK(read(f.path / "run.csv") ==
        "steps,seconds,episodes,updates,mean_return,loss,entropy,approximate_kl,gradient_norm,clip_low,clip_high,"
        "effective_sample_size\n500,2.000000,3,1,12.5,0.5,0.25,0.125,4,0,0,1\n");
}

TEST_CASE("csv_log: an existing file is refused, and kept, unless it may be overwritten") {
  folder f;
  auto path = (f.path / "run.csv").string();
  std::ofstream(path) << "precious";
  CHECK_THROWS_AS(csv_log(path), io_error);
  CHECK(read(path) == "precious");
  csv_log{path, existing::replace};
  CHECK(read(path) != "precious");
}

TEST_CASE(
    "csv_log: a folder that is not there and a disk that is full are said with the path and the system's reason") {
  CHECK_THROWS_WITH(csv_log("/nowhere/run.csv"),
                    "csv_log: /nowhere/run.csv cannot be opened: No such file or directory");
  if (fs::exists("/dev/full"))
    CHECK_THROWS_WITH(csv_log("/dev/full", existing::replace),
                      "csv_log: /dev/full cannot be written: No space left on device");
}

TEST_CASE("progress_bar: says share, steps, speed, return and the time left; nothing where there is no terminal") {
  folder f;
  auto path = (f.path / "bar").string();
  auto drawn = [&](bool always) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    progress_bar bar(file, always);
    bar.on_update(halfway());
    bar.on_end(halfway());
    std::fclose(file);
    return read(path);
  };
  CHECK(drawn(false).empty());
  CHECK(drawn(true).find("50 %  500 steps  250 steps/s  return 12.5  2 s left") != std::string::npos);
}
