// A game in the terminal that is learned while it is played: game [--frames N] [--budget MS] ...
//
// Each frame the policy moves the paddle once, the field is drawn, and what is left of the frame's budget goes to
// training; then the program sleeps until the next frame. All of it is one thread.
#include <algorithm>
#include <array>
#include <cmath>
#include <cohort/file/new_file.hpp>
#include <deque>
#include <limits>
#include <optional>
#include <string>

#include "game/catch_ball.hpp"
#include "game/frame_clock.hpp"
#include "game/screen.hpp"
#include "host/learner.hpp"
#include "program/command_line.hpp"
#include "program/numbers.hpp"

namespace {

struct request {
  std::int64_t frames;
  double budget, fps;
  int pieces;  // of training in a frame, instead of the budget; 0: by the budget
  std::uint64_t seed;
  bool wide, quiet;
  std::optional<std::string> load, save;
};

/// Balls that were played: how many of the first, and of the last, were caught.
class catches {
  static constexpr std::size_t count = 20;

 public:
  void add(bool caught) {
    if (first_.size() < count) first_.push_back(caught);
    last_.push_back(caught);
    if (last_.size() > count) last_.pop_front();
  }
  std::string text() const { return "balls caught of the first " + in(first_) + ", of the last " + in(last_); }
  std::string now() const { return "caught of the last " + in(last_); }

 private:
  static std::string in(std::deque<bool> const& balls) {
    return std::to_string(balls.size()) + ": " + std::to_string(std::count(balls.begin(), balls.end(), true));
  }
  std::deque<bool> first_, last_;
};

/// Training until a frame has taken `end` milliseconds. A piece that has begun is not cut, so it is asked for less: by
/// half as much again as it was late before, which is forgotten within some hundred frames.
class rest_of_frame {
 public:
  void train(host::learner& player, game::frame_clock const& clock, double end) {
    double const asked = end - std::min(1.5 * late_, end / 2);
    for (double left = 0; (left = asked - clock.spent()) > 0;) player.train_for(left);
    late_ = std::max(.995 * late_, clock.spent() - asked);
  }

 private:
  double late_ = 0;
};

void play(request const& r) {
  if (r.save) cohort::file::new_file{*r.save, cohort::existing::replace};  // raises now what it would at the end
  auto const player = host::make_learner(r.wide ? "catch_ball_wide" : "catch_ball", "ppo", r.seed);
  float const reach = (r.wide ? game::with_wide_paddle : game::catch_ball{}).reach;
  if (r.load) player->load(*r.load);
  std::array<double, std::size_t(game::catch_ball::observations.dimensions)> seen{};
  catches balls;
  rest_of_frame rest;
  double first_return = std::nan("");
  game::frame_clock clock(r.fps);
  {
    game::screen const screen(!r.quiet);
    while (clock.frames() < r.frames && !program::signal_seen()) {
      clock.begin();
      player->observe(seen);
      auto const after = player->step(player->best(seen));
      player->observe(seen);
      screen.draw(seen, reach, balls.now() + ", updates: " + std::to_string(player->report().updates));
      if (after.terminated) balls.add(after.reward > 0), player->reset();

      if (r.pieces == 0) rest.train(*player, clock, r.budget);
      for (int k = 0; k < r.pieces; ++k) player->train_for(0);
      if (std::isnan(first_return)) first_return = player->report().mean_return;
      clock.end(r.budget);
    }
  }
  if (r.save) player->save(*r.save);
  char text[256];
  std::snprintf(text, sizeof text,
                "%lld frames, %.2f%% of them over %g ms, the longest %.2f ms\n"
                "%lld steps and %lld updates; mean return at the beginning %.3f, at the end %.3f\n",
                clock.frames(), 100 * clock.share_over(), r.budget, clock.longest(), (long long)player->report().steps,
                (long long)player->report().updates, first_return, player->report().mean_return);
  program::print(text + balls.text() + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace program;
  typed frames, budget, fps, pieces, seed, load, save;
  bool wide = false, quiet = false;
  CLI::App app{
      "A ball falls, a paddle is to catch it, and the policy that moves the paddle learns while the game runs, in what "
      "is left of each frame's budget.\nEnds after --frames, or by Ctrl-C.",
      "game"};
  add(app, "--frames", frames, "how many [until Ctrl-C]", "N");
  auto* const by_time = add(app, "--budget", budget, "milliseconds of work in a frame, training included [4]", "MS");
  add(app, "--fps", fps, "frames a second; 0: as fast as it goes [60]", "N");
  add(app, "--pieces", pieces,
      "train so many pieces in each frame, however long they take, so that a seed fixes the run", "N")
      ->excludes(by_time);
  add(app, "--seed", seed, "of the game and of what is learned [1]", "N");
  add(app, "--load", load, "go on with the run that was saved there", "FILE");
  add(app, "--save", save, "save the run at the end", "FILE");
  app.add_flag("--wide", wide, "a wide paddle, by which it is learned twenty times as fast");
  app.add_flag("--quiet", quiet, "draw nothing");
  return run(app, argc, argv, [&] {
    request const r{
        .frames = whole_number_of<std::int64_t>("--frames", frames, std::numeric_limits<std::int64_t>::max(), 1),
        .budget = number_of(
            "--budget", budget, 4., [](double x) { return x > 0 && x <= 1e4; },
            "a number of milliseconds above 0, up to 10000"),
        .fps = number_of(
            "--fps", fps, 60., [](double x) { return x == 0 || (x >= 1 && x <= 1e4); },
            "0 or a number from 1 to 10000"),
        .pieces = whole_number_of("--pieces", pieces, 0, 1, 100'000),
        .seed = whole_number_of<std::uint64_t>("--seed", seed, 1, 0),
        .wide = wide,
        .quiet = quiet,
        .load = load,
        .save = save,
    };
    catch_signals();
    play(r);
  });
}
