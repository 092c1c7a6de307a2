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
    return batch({&c, 1}, {&row, 1}, {&number, 1})[0];
  }
  /// The same of many completions; rewards that judge a batch at a time are given all of them at once.
  std::vector<listed_scores> batch(std::span<completion<Row> const> all, std::span<std::string const> rows,
                                   std::span<std::ptrdiff_t const> numbers) const {
    std::vector<listed_scores> results(all.size());
    std::vector<detail::reward_sum> sums(all.size());
    for (auto const& part : parts_) {
      auto const said = detail::said_by_reward(part, all, rows, numbers);
      for (std::size_t i = 0; i < all.size(); ++i) {
        results[i].parts.push_back(said[i]);
        if (part.weight != 0) sums[i].add(part.weight, said[i]);
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) results[i].total = sums[i].total(rows[i], numbers[i]);
    return results;
  }

 private:
  std::vector<named_reward<any_reward<Row>>> parts_;
};

}  // namespace COHORT_NAMESPACE
