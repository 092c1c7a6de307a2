#pragma once
#include <cohort/environment/plain_steps.hpp>
#include <cohort/gymnasium/bridge.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// The spaces that a bridge has found, of actions of a kind.
template <class Actions>
class spaces {
 protected:
  using Number = cohort::detail::plain_number_of<Actions>;

  explicit spaces(bridge const& b) {
    auto const place = [&] { return "gymnasium: " + b.name; };
    in_python(place, [&] {
      observations = {b.numbers<double>("low"), b.numbers<double>("high")};
      if constexpr (cohort::detail::is_box<Actions>)
        actions = {b.numbers<double>("action_low"), b.numbers<double>("action_high")};
      else choices_ = b.numbers<int>("choices");
      if constexpr (std::is_same_v<Actions, discrete>) actions.n = choices_[0];
      else if constexpr (cohort::detail::is_binary<Actions>) actions.bits = int(choices_.size());
      else if constexpr (!cohort::detail::is_box<Actions>) actions.n = choices_;
    });
  }
  void require_action(bridge const& b, std::span<Number const> numbers) const {
    auto require = [&](bool ok, char const* name, double given, std::string const& expected) {
      if (!ok) cohort::detail::require(false, b.name.c_str(), name, given, expected.c_str());
    };
    require(numbers.size() == b.action_size, "the action's size", double(numbers.size()),
            std::to_string(b.action_size));
    for (std::size_t d = 0; d < numbers.size(); ++d)
      if constexpr (std::is_same_v<Number, float>)
        require(numbers[d] == numbers[d], "the action", double(numbers[d]), "a number");
      else
        require(numbers[d] >= 0 && numbers[d] < choices_[d], "the action", numbers[d],
                "an integer from 0 to " + std::to_string(choices_[d] - 1));
  }
  /// An action as its numbers, which are looked at.
  template <class Action>
  std::span<Number const> checked(bridge const& b, Action const& action) const {
    std::span<Number const> numbers;
    if constexpr (std::is_same_v<Actions, discrete>) numbers = {&action, 1};
    else numbers = action;
    require_action(b, numbers);
    return numbers;
  }

 public:
  Actions actions;
  box<dynamic> observations;

 private:
  std::vector<int> choices_;
};

}  // namespace COHORT_NAMESPACE::gymnasium::detail
