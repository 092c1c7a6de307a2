#pragma once
#include <cohort/advantage/following.hpp>
#include <cohort/advantage/group_statistics.hpp>
#include <cohort/advantage/returns.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/series_index.hpp>
#include <limits>
#include <utility>

namespace COHORT_NAMESPACE::detail {

struct discounted_sum {
  static constexpr bool affine = true;
  double gamma;
  constexpr auto operator()(auto after, auto reward) const { return reward + gamma * after; }
  template <class S, class M>
  constexpr S operator()(S after, S reward, M valid) const {
    return select(valid, reward + gamma * after, after);
  }
};
/// Which cell of (group, time index) each step of a series is in; the carry is the time index.
struct cell_of_step {
  static constexpr bool affine = true;
  double longest;
  template <class S>
  constexpr several<S, 2> operator()(S before, S group) const {
    return {{before + 1, group * longest + (before + 1)}};
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S before, S group, M valid) const {
    S time = select(valid, before + 1, before);
    return {{time, group * longest + max(time, S(0))}};
  }
};
struct first_only {
  template <class S>
  constexpr S operator()(S x, S index) const {
    return select(index == 0, x, S(0));
  }
};
/// x - level; 0 where that is no more than what rounding makes of equal scores in a group of this size, since somebody
/// may divide it by its own deviation.
template <class S>
constexpr S above(S x, S level, S size) {
  constexpr auto rounding = double(std::numeric_limits<typename S::value_type>::epsilon());
  return select(abs(x - level) <= rounding * max(size, S(8)) * abs(level), S(0), x - level);
}
/// The series of a batch as members of their groups: what an estimator that compares whole episodes starts from.
template <backend B>
class group_members {
  using T = value_t<B>;

 public:
  /// `who` asks, for errors. Scores are sums of gamma^t r_t over the valid steps of a series, which is one episode.
  group_members(B& backend, batch_view<T> const& batch, char const* who, double gamma = 1)
      : backend_(backend),
        batch_(checked(batch, who)),
        N_(batch.series.count()),
        groups_(batch.groups.count()),
        numbers_(backend.template temporary<T>(2 * batch.series.steps() + 2 * N_ + 2 * groups_)),
        cells_(backend.template temporary<std::int32_t>(N_)),
        flags_(backend.template temporary<std::uint8_t>(batch.valid ? N_ : 0)) {
    std::ptrdiff_t M = batch.series.steps();
    auto rest = numbers_.all();
    auto take = [&](std::ptrdiff_t n) {
      view<T> taken = rest.part(0, n);
      rest = rest.part(n, rest.rows - n);
      return taken;
    };
    gamma_ = gamma;
    returns_ = take(M), by_step_ = take(M), score_ = take(N_), by_series_ = take(N_), ids_ = take(groups_),
    sums_ = take(groups_);
    if (gamma == 1) {
      if (batch.valid) backend.segment_reduce(batch.series, score_, where_valid{}, batch.reward, batch.valid);
      else backend.segment_reduce(batch.series, score_, same{}, batch.reward);
    } else {  // the first step's sum is that of the series
      discounted_sum step{gamma};
      if (batch.valid) backend.scan(batch.series, direction::backward, step, 0, returns_, batch.reward, batch.valid);
      else backend.scan(batch.series, direction::backward, step, 0, returns_, batch.reward);
      backend.scan(batch.series, direction::forward, next_index{}, -1, by_step_, view<T const>(returns_));
      backend.segment_reduce(batch.series, score_, first_only{}, view<T const>(returns_), view<T const>(by_step_));
    }
    write_series_index(backend, batch.groups, ids_, by_series_);
    group_ = cells_.all();
    copy_to(backend, group_, by_series_);
    if (!batch.valid) return;
    auto length = backend.template temporary<T>(N_);
    lengths(length.all());
    backend.map(outputs{flags_.all()}, is_positive{}, view<T const>(length.all()));
    present_ = flags_.all();
  }

  std::ptrdiff_t count() const { return N_; }  ///< N
  std::ptrdiff_t groups() const { return groups_; }
  view<T const> score() const { return score_; }  ///< N
  view<T const> returns() {                       ///< M: what is still to come at each step
    if (!std::exchange(has_returns_, true)) reward_to_go(backend_, batch_, gamma_, invalid_steps::skip, returns_);
    return returns_;
  }
  view<T const> group_number() const { return by_series_; }  ///< N: group(), in the backend's numbers
  view<std::int32_t const> group() const { return group_; }  ///< N: which group a series belongs to

  /// out[i] = the sum of x over the members of i's group; N each. out may be x.
  void sum(view<T> out, view<T const> x) {
    backend_.segment_reduce(batch_.groups, sums_, same{}, x);
    backend_.broadcast_series(batch_.groups, out, view<T const>(sums_));
  }
  /// N: which series have a valid step. The others are no members: they count in no statistic, and have the score 0.
  /// Absent: all have.
  view<std::uint8_t const> present() const { return present_; }
  /// How many members i's group has, N; 1 where there is none.
  void size(view<T> out) {
    if (present_) backend_.map(outputs{out}, one_where{}, view<T const>(out), present_);
    else fill_with(backend_, out, 1);
    sum(out, view<T const>(out));
    if (present_) backend_.map(outputs{out}, at_least{1}, view<T const>(out));
  }
  /// The valid steps of each series, N.
  void lengths(view<T> out) { count_valid_steps(backend_, batch_.series, batch_.valid, by_step_, out); }
  /// The same over the steps of all members, M each.
  void sum_of_steps(view<T> out, view<T const> x) {
    auto by_series = backend_.template temporary<T>(N_);
    backend_.segment_reduce(batch_.series, by_series.all(), same{}, x);
    sum(by_series.all(), view<T const>(by_series.all()));
    to_steps(out, view<T const>(by_series.all()));
  }
  /// Groups times the longest series: the cells of steps with the same group and the same time index, which counts
  /// valid steps.
  std::ptrdiff_t cells(char const* who) const {
    double all = double(groups_) * double(batch_.series.longest());
    require(std::log2(all) <= std::numeric_limits<T>::digits, who, "groups times the longest series", all,
            "a number that the backend's type counts exactly");
    return std::max<std::ptrdiff_t>(1, groups_ * batch_.series.longest());
  }
  void cell_of_steps(view<std::int32_t> out) {
    to_steps(by_step_, view<T const>(by_series_));
    detail::cell_of_step f{double(batch_.series.longest())};
    if (batch_.valid)
      backend_.scan(batch_.series, direction::forward, f, -1, outputs{view<T>(), out}, view<T const>(by_step_),
                    batch_.valid);
    else backend_.scan(batch_.series, direction::forward, f, -1, outputs{view<T>(), out}, view<T const>(by_step_));
  }
  /// A series' number to each of its steps.
  void to_steps(view<T> out, view<T const> by_series) { backend_.broadcast_series(batch_.series, out, by_series); }
  /// The same to its valid ones, 0 to the others: an estimator's result.
  void to_valid_steps(view<T> out, view<T const> by_series) {
    to_steps(out, by_series);
    if (batch_.valid) backend_.map(outputs{out}, where_valid{}, view<T const>(out), batch_.valid);
  }

 private:
  static batch_view<T> const& checked(batch_view<T> const& batch, char const* who) {
    if (batch.groups.count() == 0 || batch.groups.steps() != batch.series.count())
      throw value_error(std::string(who) + " needs to know which series form a group: use it with a rollout in groups");
    return batch;
  }

  B& backend_;
  batch_view<T> const& batch_;
  std::ptrdiff_t N_, groups_;
  decltype(std::declval<B&>().template temporary<T>(1)) numbers_;
  decltype(std::declval<B&>().template temporary<std::int32_t>(1)) cells_;
  decltype(std::declval<B&>().template temporary<std::uint8_t>(1)) flags_;
  view<std::uint8_t const> present_;
  view<T> returns_, by_step_, score_, by_series_, ids_, sums_;
  view<std::int32_t> group_;
  double gamma_ = 1;
  bool has_returns_ = false;
};

}  // namespace COHORT_NAMESPACE::detail
