#pragma once
#include <cohort/language/reward/batch.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// A reward of rows of one type, without its own type: for sets of rewards that are chosen while a program runs. a
/// reward_for<Row> itself, and one that judges a batch at a time.
///
///     any_reward<row> one = soft_overlong{.limit = 512, .cache = 64};
///     any_reward<row> own = [](completion<row> const& c) { return double(c.text.size() < 80); };
template <class Row>
class any_reward {
 public:
  any_reward() = default;
  template <reward_for<Row> R>
    requires(!std::is_same_v<R, any_reward>)
  any_reward(R reward)
      : reward_([reward = std::move(reward)](std::span<completion<Row> const> all) { return values(reward, all); }) {}

  explicit operator bool() const { return bool(reward_); }
  std::optional<double> operator()(completion<Row> const& c) const { return batch({&c, 1})[0]; }
  std::vector<std::optional<double>> batch(std::span<completion<Row> const> all) const { return reward_(all); }

 private:
  template <class R>
  static std::vector<std::optional<double>> values(R const& reward, std::span<completion<Row> const> all) {
    if constexpr (batch_reward_for<R, Row>) {
      return reward.batch(all);
    } else {
      std::vector<std::optional<double>> said;
      for (auto const& c : all) try {
          said.push_back(reward(c));
        } catch (std::exception const& e) {
          throw reward_failure(e.what(), said.size());
        }
      return said;
    }
  }
  std::function<std::vector<std::optional<double>>(std::span<completion<Row> const>)> reward_;
};

}  // namespace COHORT_NAMESPACE
