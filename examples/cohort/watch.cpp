#include "watch.hpp"

#include <unistd.h>
#include <cohort/file/new_file.hpp>
#include <cohort/picture/known.hpp>
#include <cohort/picture/svg.hpp>
#include <cohort/picture/terminal.hpp>

#include <chrono>
#include <thread>

#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

namespace {

/// The pictures one over the other, until the last or a signal; the cursor is hidden meanwhile.
void play_in_terminal(cohort::picture::film const& film) {
  struct hidden_cursor {
    hidden_cursor() { program::print("\x1b[?25l\x1b[2J"); }
    ~hidden_cursor() { std::fputs("\x1b[?25h", stdout), std::fflush(stdout); }
  };
  program::catch_signals();
  hidden_cursor const until_the_end;
  cohort::picture::braille screen(film.seen);
  auto const begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < film.pictures.size() && !program::signal_seen(); ++i) {
    std::this_thread::sleep_until(begin + std::chrono::duration<double>(double(i) / film.rate));
    program::print("\x1b[H" + screen.lines(film.pictures[i], true) + film.title + "   " + film.captions[i] +
                   "\x1b[K\n");
  }
}

}  // namespace

void watch(watch_request const& how) {
  bool const in_terminal = how.terminal || (how.out.empty() && ::isatty(STDOUT_FILENO));
  if (!in_terminal && how.out.empty())
    throw program::usage_error("watch needs --out FILE.svg, or --terminal where stdout is no terminal");
  if (!how.out.empty() && how.out.extension() != ".svg")
    throw program::usage_error("--out is '" + how.out.string() + "', expected a name that ends in .svg");
  auto const stored = policy_in(how.from, how.environment);
  auto const moments = stored.policy->play(how.episodes, how.seed);
  auto const scene = cohort::picture::scene_of(stored.environment, stored.parameters, moments);
  auto const film = cohort::picture::filmed(stored.environment.name(), scene, moments);
  if (!how.out.empty()) {
    cohort::file::write_text(how.out, cohort::picture::svg(film), cohort::existing::replace);
    program::print(how.out.string() + ": " + std::to_string(film.pictures.size()) + " pictures of " +
                   stored.file.string() + " on " + stored.environment.name() + "\n");
  }
  if (in_terminal) play_in_terminal(film);
}

}  // namespace cli
