#pragma once
#include <cohort/language/reward/completion.hpp>
#include <functional>
#include <utility>

namespace COHORT_NAMESPACE {

/// A reward of rows of one type, without its own type: for sets of rewards that are chosen while a program runs. It is
/// a reward_for<Row> itself.
///
///     any_reward<row> one = soft_overlong{.limit = 512, .cache = 64};
///     any_reward<row> own = [](completion<row> const& c) { return double(c.text.size() < 80); };
template <class Row>
class any_reward {
 public:
  any_reward() = default;
  template <reward_for<Row> R>
    requires(!std::is_same_v<R, any_reward>)
  any_reward(R reward) : reward_(std::move(reward)) {}

  explicit operator bool() const { return bool(reward_); }
  std::optional<double> operator()(completion<Row> const& c) const { return reward_(c); }

 private:
  std::function<std::optional<double>(completion<Row> const&)> reward_;
};

}  // namespace COHORT_NAMESPACE
