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

/// What f returns. What it throws becomes a value_error that names the reward and the completion.
template <class F>
auto in_reward(std::string const& name, std::string const& row, std::ptrdiff_t number, F const& f) {
  auto const who = [&] { return "reward \"" + name + "\"" + place_of_completion(row, number); };
  try {
    return f();
  } catch (std::exception const& e) {
    throw value_error(who() + " threw: " + e.what());
  } catch (...) {
    throw value_error(who() + " threw something that is no std::exception");
  }
}
/// What a reward said, which has to be finite; NaN where it said nothing.
inline double said_by_reward(std::optional<double> x, std::string const& name, std::string const& row,
                             std::ptrdiff_t number) {
  if (x && !std::isfinite(*x))
    throw value_error("reward \"" + name + "\"" + place_of_completion(row, number) + " is " + text(*x) +
                      ", expected a finite number, or std::nullopt");
  return x.value_or(std::numeric_limits<double>::quiet_NaN());
}
template <class R, class Row>
double said_by_reward(named_reward<R> const& part, completion<Row> const& c, std::string const& row,
                      std::ptrdiff_t number) {
  return said_by_reward(in_reward(part.name, row, number, [&] { return std::optional<double>(part.reward(c)); }),
                        part.name, row, number);
}
/// What it says of many completions, as it does of all at once if it judges a batch at a time; rows[i] is how errors
/// call the row of the i-th.
template <class R, class Row>
std::vector<double> said_by_reward(named_reward<R> const& part, std::span<completion<Row> const> all,
                                   std::span<std::string const> rows, std::span<std::ptrdiff_t const> numbers) {
  std::vector<double> said;
  if constexpr (batch_reward_for<R, Row>) {
    if (all.empty()) return said;
    std::vector<std::optional<double>> values;
    try {
      values = part.reward.batch(all);
    } catch (reward_failure const& e) {
      in_reward(part.name, rows[e.completion], numbers[e.completion], [&]() -> int { throw; });
    } catch (...) {
      in_reward(part.name, rows[0], numbers[0], [&]() -> int { throw; });
    }
    if (values.size() != all.size())
      throw value_error("reward \"" + part.name + "\" gave " + std::to_string(values.size()) + " values for " +
                        std::to_string(all.size()) + " completions");
    for (std::size_t i = 0; i < all.size(); ++i)
      said.push_back(said_by_reward(values[i], part.name, rows[i], numbers[i]));
  } else {
    for (std::size_t i = 0; i < all.size(); ++i) said.push_back(said_by_reward(part, all[i], rows[i], numbers[i]));
  }
  return said;
}

/// A sum, absent where all that was added is absent (NaN).
class reward_sum {
 public:
  void add(double weight, double x) {
    if (!std::isnan(x)) any_ = true, sum_ += weight * x;
  }
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
        result.parts[i] = detail::said_by_reward(part, c, where, number);
        sum.add(part.weight, result.parts[i]);
      });
      result.total = sum.total(where, number);
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
    std::vector<std::string> rows;
    std::vector<std::ptrdiff_t> numbers;
    for (sample_place const& at : where)
      rows.push_back("row " + std::to_string(at.prompt)), numbers.push_back(at.number);
    std::vector<reward_scores<size>> results(all.size());
    std::vector<detail::reward_sum> sums(all.size());
    each([&](auto const& part, std::size_t k) {
      auto const said = detail::said_by_reward(part, all, std::span<std::string const>(rows),
                                               std::span<std::ptrdiff_t const>(numbers));
      for (std::size_t i = 0; i < all.size(); ++i) results[i].parts[k] = said[i], sums[i].add(part.weight, said[i]);
    });
    for (std::size_t i = 0; i < all.size(); ++i) results[i].total = sums[i].total(rows[i], numbers[i]);
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
};

}  // namespace COHORT_NAMESPACE
