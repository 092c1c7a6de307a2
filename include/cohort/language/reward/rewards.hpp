#pragma once
#include <array>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cstddef>
#include <exception>
#include <limits>
#include <tuple>
#include <utility>

namespace COHORT_NAMESPACE {

/// A reward with the name that logs and errors give it, and its weight in the sum.
template <class R>
struct named_reward {
  std::string name;
  R reward;
  double weight = 1;  ///< finite; negative for what is to be avoided
};

namespace detail {

template <class R>
void check_reward(named_reward<R> const& part, std::size_t place) {
  require(std::isfinite(part.weight), "rewards", ("the weight of \"" + part.name + "\"").c_str(), part.weight,
          "a finite number");
  if (part.name.empty()) throw value_error("rewards: reward " + std::to_string(place) + " has no name");
}
inline std::string place_of_completion(std::string const& row, std::ptrdiff_t number) {
  return " in " + row + ", completion " + std::to_string(number) + " of its group,";
}

/// What a reward says. An exception of it, and a number that is not finite, are value_errors.
template <class R, class Row>
std::optional<double> value_of_reward(named_reward<R> const& part, completion<Row> const& c, std::string const& row,
                                      std::ptrdiff_t number) {
  auto const who = [&] { return "reward \"" + part.name + "\"" + place_of_completion(row, number); };
  std::optional<double> x;
  try {
    x = part.reward(c);
  } catch (std::exception const& e) {
    throw value_error(who() + " threw: " + e.what());
  } catch (...) {
    throw value_error(who() + " threw something that is no std::exception");
  }
  if (x && !std::isfinite(*x))
    throw value_error(who() + " is " + text(*x) + ", expected a finite number, or std::nullopt");
  return x;
}

/// A sum, absent where nothing was added.
class reward_sum {
 public:
  void add(double x) { any_ = true, sum_ += x; }
  double total(std::string const& row, std::ptrdiff_t number) const {
    if (!std::isfinite(sum_))
      throw value_error("rewards: the total " + text(sum_) + place_of_completion(row, number) + " is no finite number");
    return any_ ? sum_ : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  bool any_ = false;
  double sum_ = 0;
};

}  // namespace detail

/// What a set of N rewards says of one completion; NaN stands for absent. A total that is absent leaves its series out
/// of the group's statistics.
template <std::size_t N>
struct reward_scores {
  double total = std::numeric_limits<double>::quiet_NaN();
  std::array<double, N> parts{};  ///< without their weights, in the order of the set
};

/// Several rewards as one:
///
///     total = sum of weight_k * reward_k(completion) over the k that say something; absent where none does
///
///     rewards set{named_reward{"format", strict_format{}, .5},
///                 named_reward{"accuracy", accuracy{.expected = sum_of_row}, 1.}};
///     reward_scores s = set(completion, row, number);
///     s.total, s.parts[set.index("format")]
///
/// A reward that throws, or returns something that is not finite, is a value_error that names it, the row of the data
/// set and the completion's number within its group, both from 0. In whatever units the rewards have.
///
/// Source: the weighted sum is TRL's GRPOTrainer (reward_weights), in which None leaves the sum too.
template <class... R>
class rewards {
 public:
  static constexpr std::size_t size = sizeof...(R);

  explicit rewards(named_reward<R>... parts) : parts_{std::move(parts)...} {
    static_assert(size > 0, "rewards needs at least one named_reward{\"name\", reward, weight}");
    each([&](auto const& part, std::size_t i) {
      detail::check_reward(part, i);
      if (index(part.name) != i) throw value_error("rewards: two rewards are named \"" + part.name + "\"");
    });
  }

  template <class Row>
  reward_scores<size> operator()(completion<Row> const& c, std::ptrdiff_t row, std::ptrdiff_t number) const {
    constexpr bool are_rewards = (reward_for<R, Row> && ...);
    static_assert(are_rewards,
                  "a reward needs `double operator()(completion<Row> const&) const`, Row being the data set's; "
                  "std::optional<double> will do");
    reward_scores<size> result;
    if constexpr (are_rewards) {
      std::string const where = "row " + std::to_string(row);
      detail::reward_sum sum;
      each([&](auto const& part, std::size_t i) {
        std::optional<double> x = detail::value_of_reward(part, c, where, number);
        result.parts[i] = x.value_or(std::numeric_limits<double>::quiet_NaN());
        if (x) sum.add(part.weight * *x);
      });
      result.total = sum.total(where, number);
    }
    return result;
  }

  /// The place of a reward among the parts.
  std::size_t index(std::string_view name) const {
    std::size_t found = size;
    each([&](auto const& part, std::size_t i) {
      if (part.name == name) found = i;
    });
    if (found == size) throw value_error("rewards: no reward is named \"" + std::string(name) + "\"");
    return found;
  }
  std::array<std::string, size> names() const {
    return std::apply([](auto const&... part) { return std::array<std::string, size>{part.name...}; }, parts_);
  }

 private:
  std::tuple<named_reward<R>...> parts_;

  template <class F>
  void each(F f) const {
    std::apply([&, i = std::size_t{0}](auto const&... part) mutable { (f(part, i++), ...); }, parts_);
  }
};

}  // namespace COHORT_NAMESPACE
