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
      detail::require(std::isfinite(part.weight), "rewards", ("the weight of \"" + part.name + "\"").c_str(),
                      part.weight, "a finite number");
      if (part.name.empty()) throw value_error("rewards: reward " + std::to_string(i) + " has no name");
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
      bool any = false;
      double sum = 0;
      each([&](auto const& part, std::size_t i) {
        std::optional<double> x = value(part, c, row, number);
        result.parts[i] = x.value_or(std::numeric_limits<double>::quiet_NaN());
        if (x) any = true, sum += part.weight * *x;
      });
      if (!std::isfinite(sum))
        throw value_error("rewards: the total " + detail::text(sum) + at(row, number) + " is no finite number");
      if (any) result.total = sum;
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
  static std::string at(std::ptrdiff_t row, std::ptrdiff_t number) {
    return " in row " + std::to_string(row) + ", completion " + std::to_string(number) + " of its group,";
  }
  template <class Part, class Row>
  static std::optional<double> value(Part const& part, completion<Row> const& c, std::ptrdiff_t row,
                                     std::ptrdiff_t number) {
    std::optional<double> x;
    try {
      x = part.reward(c);
    } catch (std::exception const& e) {
      throw value_error("reward \"" + part.name + "\"" + at(row, number) + " threw: " + e.what());
    } catch (...) {
      throw value_error("reward \"" + part.name + "\"" + at(row, number) +
                        " threw something that is no std::exception");
    }
    if (x && !std::isfinite(*x))
      throw value_error("reward \"" + part.name + "\"" + at(row, number) + " is " + detail::text(*x) +
                        ", expected a finite number, or std::nullopt");
    return x;
  }
};

}  // namespace COHORT_NAMESPACE
