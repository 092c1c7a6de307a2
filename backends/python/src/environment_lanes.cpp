#include "environment_lanes.hpp"
#include <algorithm>
#include <cmath>

namespace cohort::python {

environment_lanes::environment_lanes(options const& o, environment_spaces const& spaces, int own_limit)
    : options_(o), spaces_(spaces), own_limit_(o.own_limit ? own_limit : 0) {
  auto n = std::size_t(o.lanes);
  (discrete() ? choices_.resize(n) : numbers_.resize(n * spaces.actions.size()));
  seen_.resize(n * columns()), reward_.resize(n), terminated_.resize(n);
  seed_.resize(n), time_.resize(n), elapsed_.resize(n), started_.resize(n), over_.resize(n);
  for (std::size_t k = 0; k < n; ++k) seed_[k] = o.seed + k;
}

void environment_lanes::begin(std::size_t lane) {
  auto starts = draws(int(lane), draw_purpose::reset);
  start(int(lane), starts);
  elapsed_[lane] = 0, started_[lane] = 1, over_[lane] = 0;
}

void environment_lanes::reset(seeds const& given, std::optional<std::span<bool const>> which) {
  for (std::size_t n = 0; n < given.size(); ++n)
    if (which && !(*which)[n] && !started_[n])
      throw reset_needed(options_.name + ": reset_mask leaves out lane " + std::to_string(n) +
                         ", which has not begun, expected a reset of all first");
  for (std::size_t n = 0; n < given.size(); ++n) {
    if (which && !(*which)[n]) continue;
    if (given[n]) seed_[n] = *given[n], time_[n] = 0;
    else if (elapsed_[n] == 0) ++time_[n];  // so that one reset after another does not start alike
    begin(n);
  }
  waiting_ = std::any_of(over_.begin(), over_.end(), [](auto over) { return over != 0; });
}

void environment_lanes::states(std::span<double const> given) {
  auto F = std::size_t(numbers_of_state());
  for (std::size_t n = 0; n < started_.size(); ++n)
    if (!started_[n]) throw reset_needed(options_.name + ": a state is set, expected reset() before it");
  for (double x : given)
    if (!(std::abs(x) <= std::numeric_limits<float>::max()))
      throw value_error(options_.name + ": the state has the number " + cohort::detail::text(x) +
                        ", expected finite numbers");
  for (std::size_t n = 0; n < started_.size(); ++n) put(int(n), given.subspan(n * F, F)), over_[n] = 0;
  waiting_ = false;
}

void environment_lanes::require_ready() const {
  bool const rests = waiting_ && options_.mode == autoreset::disabled;
  if (!rests && started_.front()) return;  // all begin at once
  for (std::size_t n = 0; n < over_.size(); ++n) {
    std::string const which = lanes() == 1 ? "" : " of lane " + std::to_string(n);
    if (!started_[n]) throw reset_needed(options_.name + ": a step before the first reset, expected reset() first");
    if (over_[n])
      throw reset_needed(options_.name + ": a step after the end of the episode" + which + ", expected reset(" +
                         (lanes() == 1 ? "" : "options={\"reset_mask\": ...}") + ") before it");
  }
}

void environment_lanes::refuse(std::size_t i, double given, std::string const& expected) const {
  std::size_t A = spaces_.actions.size();
  std::string where = "the action";
  if (lanes() > 1) where += "[" + std::to_string(i / A) + (discrete() ? "]" : ", " + std::to_string(i % A) + "]");
  else if (!discrete()) where += "[" + std::to_string(i) + "]";
  throw value_error(options_.name + ": " + where + " is " + cohort::detail::text(given) + ", expected " + expected);
}

int environment_lanes::step(std::span<std::int64_t const> given, std::span<double> reward, std::span<bool> terminated,
                            std::span<bool> truncated) {
  require_ready();
  auto const n = std::uint64_t(spaces_.actions.n.at(0));
  bool possible = true;
  for (std::size_t i = 0; i < given.size(); ++i) possible &= std::uint64_t(given[i]) < n;
  for (std::size_t i = 0; !possible && i < given.size(); ++i)
    if (std::uint64_t(given[i]) >= n) refuse(i, double(given[i]), "an integer from 0 to " + std::to_string(n - 1));
  for (std::size_t i = 0; i < given.size(); ++i) choices_[i] = std::int32_t(given[i]);
  return follow(reward, terminated, truncated);
}

int environment_lanes::step(std::span<float const> given, std::span<double> reward, std::span<bool> terminated,
                            std::span<bool> truncated) {
  require_ready();
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!(std::abs(given[i]) <= std::numeric_limits<float>::max())) refuse(i, given[i], "a finite number");
  std::copy(given.begin(), given.end(), numbers_.begin());
  return follow(reward, terminated, truncated);
}

namespace {

struct limits {
  std::int32_t all, own;
};
/// The steps of each lane and what follows from them. Apart and without aliases, so that it goes in vectors.
void count(std::size_t N, limits most, std::int32_t* __restrict elapsed, std::uint32_t* __restrict time,
           std::uint8_t const* __restrict ends, bool* __restrict terminated, bool* __restrict truncated) {
  std::int32_t const never = std::numeric_limits<std::int32_t>::max(), limit = most.all > 0 ? most.all : never,
                     own = most.own > 0 ? most.own : never;
  for (std::size_t n = 0; n < N; ++n) elapsed[n] = std::min(elapsed[n], never - 2) + 1;
  for (std::size_t n = 0; n < N; ++n) ++time[n];
  for (std::size_t n = 0; n < N; ++n) terminated[n] = ends[n] != 0;
  for (std::size_t n = 0; n < N; ++n) truncated[n] = (elapsed[n] >= limit) | ((elapsed[n] >= own) & (ends[n] == 0));
}

}  // namespace

int environment_lanes::follow(std::span<double> reward, std::span<bool> terminated, std::span<bool> truncated) {
  advance();
  std::size_t const N = over_.size();
  count(N, {options_.limit, own_limit_}, elapsed_.data(), time_.data(), terminated_.data(), terminated.data(),
        truncated.data());
  std::copy(reward_.begin(), reward_.end(), reward.begin());
  if (waiting_)  // in next_step alone: the action of this step was for nobody
    for (std::size_t n = 0; n < N; ++n)
      if (over_[n]) --time_[n], begin(n), reward[n] = 0, terminated[n] = truncated[n] = false;
  int ended = 0;
  for (std::size_t n = 0; n < N; ++n) ended += over_[n] = int(terminated[n]) | int(truncated[n]);
  final_.clear();
  if (options_.mode == autoreset::same_step && ended > 0)
    for (std::size_t n = 0; n < N; ++n)
      if (over_[n]) {
        auto const row = seen_.begin() + std::ptrdiff_t(n * columns());
        final_.insert(final_.end(), row, row + std::ptrdiff_t(columns()));
        begin(n);
      }
  waiting_ = options_.mode != autoreset::same_step && ended > 0;
  return ended;
}

}  // namespace cohort::python
