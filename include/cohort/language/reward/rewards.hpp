#pragma once
#include <array>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/language/reward/batch.hpp>
#include <cohort/language/task/language_task.hpp>
#include <cstddef>
#include <exception>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

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
      each([&](auto const& part, std::size_t i) {
        result.parts[i] = or_nan(in_error(part, row, number, [&] { return std::optional<double>(part.reward(c)); }),
                                 part, row, number);
      });
      add_up(result, row, number);
    }
    return result;
  }

  /// The same of many completions, where[i] being the place of the i-th; rewards that judge a batch at a time
  /// (batch_reward_for) are given all of them at once.
  template <class Row>
    requires(reward_for<R, Row> && ...)
  std::vector<reward_scores<size>> batch(std::span<completion<Row> const> all,
                                         std::span<sample_place const> where) const {
    if (where.size() != all.size())
      throw shape_error("rewards: " + std::to_string(all.size()) + " completions have " + std::to_string(where.size()) +
                        " places");
    std::vector<reward_scores<size>> results(all.size());
    each([&](auto const& part, std::size_t k) {
      if constexpr (batch_reward_for<std::remove_cvref_t<decltype(part.reward)>, Row>) {
        if (all.empty()) return;
        std::vector<std::optional<double>> values;
        try {
          values = part.reward.batch(all);
        } catch (reward_failure const& e) {
          sample_place const at = where[e.completion];
          in_error(part, at.prompt, at.number, [&]() -> int { throw; });
        } catch (...) {
          in_error(part, where[0].prompt, where[0].number, [&]() -> int { throw; });
        }
        if (values.size() != all.size())
          throw value_error("reward \"" + part.name + "\" gave " + std::to_string(values.size()) + " values for " +
                            std::to_string(all.size()) + " completions");
        for (std::size_t i = 0; i < all.size(); ++i)
          results[i].parts[k] = or_nan(values[i], part, where[i].prompt, where[i].number);
      } else {
        for (std::size_t i = 0; i < all.size(); ++i)
          results[i].parts[k] = or_nan(in_error(part, where[i].prompt, where[i].number,
                                                [&] { return std::optional<double>(part.reward(all[i])); }),
                                       part, where[i].prompt, where[i].number);
      }
    });
    for (std::size_t i = 0; i < all.size(); ++i) add_up(results[i], where[i].prompt, where[i].number);
    return results;
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
  /// What f returns, and an error that names the reward and the completion where it throws.
  template <class Part, class F>
  static auto in_error(Part const& part, std::ptrdiff_t row, std::ptrdiff_t number, F const& f) {
    try {
      return f();
    } catch (std::exception const& e) {
      throw value_error("reward \"" + part.name + "\"" + at(row, number) + " threw: " + e.what());
    } catch (...) {
      throw value_error("reward \"" + part.name + "\"" + at(row, number) +
                        " threw something that is no std::exception");
    }
  }
  template <class Part>
  static double or_nan(std::optional<double> x, Part const& part, std::ptrdiff_t row, std::ptrdiff_t number) {
    if (x && !std::isfinite(*x))
      throw value_error("reward \"" + part.name + "\"" + at(row, number) + " is " + detail::text(*x) +
                        ", expected a finite number, or std::nullopt");
    return x.value_or(std::numeric_limits<double>::quiet_NaN());
  }
  void add_up(reward_scores<size>& scores, std::ptrdiff_t row, std::ptrdiff_t number) const {
    bool any = false;
    double sum = 0;
    each([&](auto const& part, std::size_t i) {
      if (!std::isnan(scores.parts[i])) any = true, sum += part.weight * scores.parts[i];
    });
    if (!std::isfinite(sum))
      throw value_error("rewards: the total " + detail::text(sum) + at(row, number) + " is no finite number");
    if (any) scores.total = sum;
  }
};

}  // namespace COHORT_NAMESPACE
