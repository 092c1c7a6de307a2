#include <algorithm>
#include <cohort/cohort.hpp>
#include <filesystem>
#include <fstream>

#include "../catch.hpp"
#include "../support/files.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

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

TEST_CASE("csv_log and json_lines: the metrics of each update by their names, and columns of one's own") {
  files::scratch const f;
  std::vector<log_column> const own{
      {"a \"quoted\", odd\nname", [](train_report const& r) { return r.mean_return / 5; }},
      {"never", [](auto&) { return -std::numeric_limits<double>::infinity(); }}};
  auto r = halfway();
  {
    csv_log log((f.path / "run.csv").string(), own);
    json_lines lines((f.path / "run.jsonl").string(), own);
    for (r.steps = 1234567; r.updates <= 2; ++r.updates) log.on_update(r), lines.on_update(r);
  }
  CHECK(files::get(f.path / "run.csv") ==
        "time/total_timesteps,time/iterations,time/episodes,time/time_elapsed,time/fps,time/collect,time/estimate,"
        "time/learn,rollout/ep_rew_mean,train/loss,train/value_loss,train/explained_variance,train/entropy_loss,"
        "train/approx_kl,train/reference_kl,train/kl_weight,train/clip_fraction,clip_ratio/low_mean,"
        "clip_ratio/high_mean,ratio/mean,ratio/min,ratio/max,train/effective_sample_size,train/grad_norm,"
        "train/learning_rate,train/optimizer_steps,train/skipped_steps,\"a \"\"quoted\"\", odd\nname\",never\n"
        "1234567,1,3,2,617283.5,0,0,0,12.5,0.5,nan,nan,-0.25,0.125,0,0,0,0,0,1,1,1,1,4,nan,0,0,2.5,-inf\n"
        "1234567,2,3,2,617283.5,0,0,0,12.5,0.5,nan,nan,-0.25,0.125,0,0,0,0,0,1,1,1,1,4,nan,0,0,2.5,-inf\n");
  std::string const line =
      R"(,"time/episodes":3,"time/time_elapsed":2,"time/fps":617283.5,"time/collect":0,"time/estimate":0,)"
      R"("time/learn":0,"rollout/ep_rew_mean":12.5,"train/loss":0.5,"train/value_loss":null,)"
      R"("train/explained_variance":null,"train/entropy_loss":-0.25,"train/approx_kl":0.125,"train/reference_kl":0,)"
      R"("train/kl_weight":0,"train/clip_fraction":0,"clip_ratio/low_mean":0,"clip_ratio/high_mean":0,"ratio/mean":1,)"
      R"("ratio/min":1,"ratio/max":1,"train/effective_sample_size":1,"train/grad_norm":4,"train/learning_rate":null,)"
      R"("train/optimizer_steps":0,"train/skipped_steps":0,"a \"quoted\", odd\u000aname":2.5,"never":null})";
  CHECK(files::get(f.path / "run.jsonl") == R"({"time/total_timesteps":1234567,"time/iterations":1)" + line + "\n" +
                                                R"({"time/total_timesteps":1234567,"time/iterations":2)" + line + "\n");
}

TEST_CASE("describe_metrics: a language model's by the names of TRL, groups' scores where there are groups") {
  auto names = [](train_report const& r) {
    std::string all;
    describe_metrics(r, [&](std::string const& name, double value) { all += name + "=" + detail::text(value) + " "; });
    return all;
  };
  auto r = halfway();
  r.completions = {.groups = 4, .reward = .5, .reward_std = .25, .frac_reward_zero_std = .75, .left_out = 2};
  CHECK_THAT(names(r), ContainsSubstring("ep_rew_mean=12.5 reward=0.5 reward_std=0.25 frac_reward_zero_std=0.75 "
                                         "groups_left_out=2 train/loss=0.5 "));
  r.completions.count = 8, r.completions.mean_length = 3, r.completions.clipped_ratio = .125;
  r.metrics.clip_low = .1, r.metrics.clip_high = .2, r.metrics.reference_kl = .01, r.learn_seconds = 3;
  CHECK_THAT(names(r), ContainsSubstring("num_tokens=500 step=1 episodes=3 "));
  CHECK_THAT(names(r), ContainsSubstring("step_time=3 completions/mean_length=3 "));
  CHECK_THAT(names(r), ContainsSubstring("completions/clipped_ratio=0.125 reward=0.5 "));
  CHECK_THAT(names(r), ContainsSubstring(" loss=0.5 ") && ContainsSubstring(" entropy=0.25 approx_kl=0.125 kl=0.01 "));
  CHECK_THAT(names(r),
             ContainsSubstring("clip_ratio/region_mean=0.3 clip_ratio/low_mean=0.1 clip_ratio/high_mean=0.2"));
}

TEST_CASE("logs: a column without a name or a function and one that is there already are refused, before a file is") {
  files::scratch const f;
  auto const path = (f.path / "log").string();
  auto one = [](train_report const&) { return 1.; };
  CHECK_THROWS_WITH(csv_log(path, {{"mine", one}, {"mine", one}}),
                    "csv_log: there are two columns 'mine', expected each name once");
  CHECK_THROWS_WITH(json_lines(path, {{"train/loss", one}}),
                    "json_lines: there are two columns 'train/loss', expected each name once");
  CHECK_THROWS_WITH(json_lines(path, {{"completions/mean_length", one}}),
                    "json_lines: there are two columns 'completions/mean_length', expected each name once");
  CHECK_THROWS_WITH(json_lines(path, {{"", one}}), "json_lines: column '' has no name");
  CHECK_THROWS_WITH(csv_log(path, {{"mine", {}}}), "csv_log: column 'mine' has no function");
  CHECK(!fs::exists(path));
}

TEST_CASE("csv_log and json_lines: an existing file is refused, and kept, unless it may be overwritten") {
  files::scratch const f;
  auto path = (f.path / "run.csv").string();
  std::ofstream(path) << "precious";
  CHECK_THROWS_AS(csv_log(path), io_error);
  CHECK_THROWS_WITH(json_lines(path), "json_lines: " + path + " cannot be opened: File exists");
  CHECK(files::get(path) == "precious");
  csv_log{path, existing::replace};
  CHECK(files::get(path) != "precious");
}

TEST_CASE(
    "csv_log: a folder that is not there and a disk that is full are said with the path and the system's reason") {
  CHECK_THROWS_WITH(csv_log("/nowhere/run.csv"),
                    "csv_log: /nowhere/run.csv cannot be opened: No such file or directory");
  if (!fs::exists("/dev/full")) return;
  csv_log log("/dev/full", existing::replace);
  CHECK_THROWS_WITH(log.on_update(halfway()), "csv_log: /dev/full cannot be written: No space left on device");
}

TEST_CASE("progress_bar: says share, steps, speed, return and the time left; nothing where there is no terminal") {
  files::scratch const f;
  auto path = (f.path / "bar").string();
  auto drawn = [&](bool always) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    progress_bar bar(file, always);
    bar.on_update(halfway());
    bar.on_end(halfway());
    std::fclose(file);
    return files::get(path);
  };
  CHECK(drawn(false).empty());
  CHECK(drawn(true).find("50 %  500 steps  250 steps/s  return 12.5  2 s left") != std::string::npos);
}

TEST_CASE("progress_bar: a report of fewer seconds, as after going back to a checkpoint, is drawn at once") {
  files::scratch const f;
  auto path = (f.path / "bar").string();
  std::FILE* file = std::fopen(path.c_str(), "w");
  progress_bar bar(file, true);
  auto r = halfway();
  for (double seconds : {2., 2.05, 1., 1.05, 1.2}) r.seconds = seconds, bar.on_update(r);
  std::fclose(file);
  auto const drawn = files::get(path);
  CHECK(std::count(drawn.begin(), drawn.end(), '\r') == 3);
}

TEST_CASE("stop_at_return, stop_without_improvement: the report at which each ends a run") {
  auto stops_at = [](auto hook, std::vector<double> const& returns) {
    train_report r;
    if constexpr (requires { hook.on_start(r); }) hook.on_start(r);
    for (double mean : returns) {
      ++r.updates, r.episodes += 40, r.mean_return = mean;
      if (hook.on_update(r)) return int(r.updates);
    }
    return 0;
  };
  double const none = std::numeric_limits<double>::quiet_NaN();
  CHECK(stops_at(stop_at_return{10}, {none, 12, 9, 10, 11}) == 4);  // at 40 and 80 episodes it is too early to say
  CHECK(stops_at(stop_at_return{10, 1}, {none, 12}) == 2);
  CHECK(stops_at(stop_at_return{10}, {none, 9, 9, 9.999}) == 0);
  CHECK(stops_at(stop_without_improvement{2}, {1, 2, 2, 3, 3, 3, 4}) == 6);
  CHECK(stops_at(stop_without_improvement{2}, {-5, -6, -4, -7, -4}) == 5);
  CHECK(stops_at(stop_without_improvement{3, .5}, {1, 1.4, 1.6, 2, 2.1, 2.1}) == 6);
  CHECK(stops_at(stop_without_improvement{2}, {none, none}) == 2);
  CHECK_THROWS_WITH(stop_without_improvement{0}, "stop_without_improvement: updates is 0, expected a positive number");
  CHECK_THROWS_AS(stop_without_improvement(1, -1), value_error);

  stop_without_improvement again{2};  // each run has its own best
  CHECK(stops_at(again, {5, 5, 5}) == 3);
  again.on_start({}), again.on_update({.updates = 1, .mean_return = 5}), again.on_start({});
  CHECK(!again.on_update({.updates = 1, .mean_return = 1}));
  CHECK(!again.on_update({.updates = 2, .mean_return = 2}));
  CHECK(!again.on_update({.updates = 3, .mean_return = 3}));
}

TEST_CASE(
    "stop_after: at the update after which the time is up, and a clock that goes back stops it neither early nor "
    "never") {
  static std::vector<double> times;
  auto stops_at = [](std::vector<double> all) {
    std::reverse(all.begin(), all.end());
    times = std::move(all);
    auto clock = [] {
      double const now = times.back();
      return times.pop_back(), now;
    };
    stop_after hook{10, clock};
    train_report r;
    for (hook.on_start(r); !times.empty();)
      if (++r.updates; hook.on_update(r)) return int(r.updates);
    return 0;
  };
  CHECK(stops_at({100, 104, 109.9, 110}) == 3);
  CHECK(stops_at({100, 104, 109.9}) == 0);
  CHECK(stops_at({100, 104, 4, 8, 9.9, 10.1}) == 5);  // 4 + 0 + 4 + 1.9 + 0.2
  CHECK(stops_at({100, 104, 4, 8, 9.9}) == 0);
  CHECK_THROWS_WITH(stop_after{0}, "stop_after: seconds is 0, expected a positive number");
  CHECK(stop_after{1e-9}.on_update({}));  // the clock of the machine
}
