#include "watch.hpp"

#include <unistd.h>
#include <cohort/file/new_file.hpp>
#include <cohort/picture/film_gif.hpp>
#include <cohort/picture/known.hpp>
#include <cohort/picture/svg.hpp>
#include <cohort/picture/terminal.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>

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

cohort::picture::film drawn(stored_policy const& stored, watch_request const& how) {
  auto const moments = stored.policy->play(how.episodes, how.seed);
  auto const scene = cohort::picture::scene_of(stored.environment, stored.parameters, moments);
  return cohort::picture::filmed(stored.environment.name(), scene, moments);
}

struct picture_file {
  std::string bytes;
  std::size_t pictures;
};
/// What Gymnasium renders, as a GIF.
picture_file rendered(stored_policy const& stored, watch_request const& how) {
  std::optional<cohort::picture::gif_film> film;
  auto const shown = rendered_environment(stored.environment.name(), stored.parameters,
                                          [&](cohort::picture::pixels const& picture, double rate) {
                                            if (!film) film.emplace(picture.width, picture.height, rate);
                                            film->add(picture);
                                          });
  policy_for(shown, stored.file, stored.with_critic)->play(how.episodes, how.seed);
  auto const count = film->pictures();
  return {film->finish(), count};
}

}  // namespace

void watch(watch_request const& how) {
  auto const kind = how.out.extension();
  bool const in_terminal = how.terminal || (how.out.empty() && ::isatty(STDOUT_FILENO));
  if (!in_terminal && how.out.empty())
    throw program::usage_error("watch needs --out FILE.svg or FILE.gif, or --terminal where stdout is no terminal");
  if (!how.out.empty() && kind != ".svg" && kind != ".gif")
    throw program::usage_error("--out is '" + how.out.string() + "', expected a name that ends in .svg or .gif");
  auto const stored = policy_in(how.from, how.environment);
  bool const by_gymnasium = kind == ".gif" && stored.environment.name().starts_with("gymnasium:");
  if (!how.out.empty())
    cohort::file::new_file(how.out, cohort::existing::replace);  // fails before an episode is played
  std::optional<cohort::picture::film> film;
  if (in_terminal || !by_gymnasium) film = drawn(stored, how);
  if (!how.out.empty()) {
    auto const [bytes, count] =
        by_gymnasium ? rendered(stored, how)
                     : picture_file{kind == ".gif" ? cohort::picture::gif(*film) : cohort::picture::svg(*film),
                                    film->pictures.size()};
    cohort::file::write_text(how.out, bytes, cohort::existing::replace);
    program::print(how.out.string() + ": " + std::to_string(count) + " pictures of " + stored.file.string() + " on " +
                   stored.environment.name() + "\n");
  }
  if (in_terminal) play_in_terminal(*film);
}

}  // namespace cli
