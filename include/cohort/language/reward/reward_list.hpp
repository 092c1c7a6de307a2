#pragma once
#include <cohort/language/reward/any_reward.hpp>
#include <cohort/language/reward/rewards.hpp>
#include <vector>

namespace COHORT_NAMESPACE {

/// What a reward_list says of one completion; NaN stands for absent.
struct listed_scores {
  double total = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> parts{};  ///< without their weights, in the order of the list
};

/// `rewards` whose number and kinds are known only when the program runs: the same sum, the same errors. A reward with
/// the weight 0 is reported and leaves no trace in the total.
///
///     reward_list<row> list;
///     list.add({"format", strict_format{}, .5});
///     list.add({"accuracy", accuracy{.expected = [](row const& r) { return r.answer; }}, 1});
///     listed_scores s = list(completion, "train.jsonl, line 17", number);
template <class Row>
class reward_list {
 public:
  /// Raises value_error for a weight that is not finite, and a name that is empty or there already.
  void add(named_reward<any_reward<Row>> one) {
    detail::check_reward(one, parts_.size());
    for (auto const& other : parts_)
      if (other.name == one.name) throw value_error("rewards: two rewards are named \"" + one.name + "\"");
    parts_.push_back(std::move(one));
  }

  std::size_t size() const { return parts_.size(); }
  std::string const& name(std::size_t i) const { return parts_[i].name; }
  double weight(std::size_t i) const { return parts_[i].weight; }

  /// `row` is how errors call the row, `number` the completion's within its group.
  listed_scores operator()(completion<Row> const& c, std::string const& row, std::ptrdiff_t number) const {
    listed_scores result;
    detail::reward_sum sum;
    for (auto const& part : parts_) {
      auto const x = detail::value_of_reward(part, c, row, number);
      result.parts.push_back(x.value_or(std::numeric_limits<double>::quiet_NaN()));
      if (x && part.weight != 0) sum.add(part.weight * *x);
    }
    result.total = sum.total(row, number);
    return result;
  }

 private:
  std::vector<named_reward<any_reward<Row>>> parts_;
};

}  // namespace COHORT_NAMESPACE
