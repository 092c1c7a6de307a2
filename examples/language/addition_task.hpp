#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/reward/accuracy.hpp>
#include <cohort/language/reward/format.hpp>
#include <cohort/language/reward/rewards.hpp>
#include <cohort/language/task/vocabulary.hpp>
#include <cohort/random/philox.hpp>
#include <cohort/random/stream.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// The task of the example: "123+45=" is to be continued by "<reasoning>861</reasoning><answer>168</answer>". The
/// reasoning is the sum from its ones on, the order in which carrying finds the digits.
namespace addition {

struct sum {
  int a = 0, b = 0;
  bool operator==(sum const&) const = default;
};

inline std::string prompt(sum const& s) { return std::to_string(s.a) + "+" + std::to_string(s.b) + "="; }

inline std::string solution(sum const& s) {
  std::string const answer = std::to_string(s.a + s.b);
  return "<reasoning>" + std::string(answer.rbegin(), answer.rend()) + "</reasoning><answer>" + answer + "</answer>";
}

/// A tag is one token. </answer> is the stop token: the format ends with it, so an <end> of its own would be one more
/// thing to learn, and no text can follow the answer.
inline cohort::vocabulary vocabulary() {
  return cohort::vocabulary{{.characters = "0123456789+=",
                             .special = {"<pad>", "<reasoning>", "</reasoning>", "<answer>", "</answer>"},
                             .stop = "</answer>"}};
}

struct sum_of_row {
  int operator()(sum const& s) const { return s.a + s.b; }
};

/// The completion's text must be decoded with its special tokens, the stop token among them.
inline auto rewards() {
  using namespace cohort;
  return cohort::rewards{named_reward{"format", strict_format{{.space = tag_space::none}}, .5},
                         named_reward{"accuracy", accuracy{.expected = sum_of_row{}}, 1.}};
}

/// Sums of two numbers of up to `digits` digits. 1,000 of them (of one digit: 11, a fifth) are held out: those whose
/// operands, in whatever order, have the smallest hashes. So they are the same for every seed, and no sum of the
/// training is one of them with its operands swapped.
class task {
 public:
  explicit task(int digits) : digits_(digits) {
    cohort::detail::require(digits >= 1 && digits <= 3, "addition", "digits", digits, "1, 2 or 3");
    int const end = power_of_ten(digits);
    std::vector<std::pair<std::uint64_t, sum>> all;
    for (int a = 0; a < end; ++a)
      for (int b = a; b < end; ++b) all.push_back({hash({a, b}), {a, b}});
    auto const count = std::min<std::ptrdiff_t>(1000, std::ptrdiff_t(all.size()) / 5);
    auto const by_hash = [](auto const& x, auto const& y) { return x.first < y.first; };
    std::partial_sort(all.begin(), all.begin() + count, all.end(), by_hash);
    last_held_out_ = all[count - 1].first;
    for (auto const& [hash, s] : std::span(all).first(count)) held_out_.push_back(hash & 1 ? sum{s.b, s.a} : s);
  }

  int digits() const { return digits_; }
  /// In tokens.
  int longest_prompt() const { return 2 * digits_ + 2; }
  int longest_solution() const { return 2 * (digits_ + 1) + 4; }

  std::vector<sum> const& held_out() const { return held_out_; }
  bool is_held_out(sum const& s) const { return hash(s) <= last_held_out_; }

  /// A sum to train on, never one that is held out. The length of each operand is as likely as it is long: long sums
  /// are what is to be learned, and a kind of sum that hardly ever comes is not.
  sum draw(cohort::random_stream& draws) const {
    sum s;
    do s.a = operand(draws), s.b = operand(draws);
    while (is_held_out(s));
    return s;
  }

 private:
  int digits_;
  std::vector<sum> held_out_;
  std::uint64_t last_held_out_ = 0;

  static int power_of_ten(int n) { return n == 0 ? 1 : 10 * power_of_ten(n - 1); }
  int operand(cohort::random_stream& draws) const {
    int length = 0, ticket = int(draws.integer(std::uint32_t(digits_ * (digits_ + 1) / 2)));
    while (ticket >= 0) ticket -= ++length;
    int const low = length == 1 ? 0 : power_of_ten(length - 1);  // 0 is a number of one digit
    return low + int(draws.integer(std::uint32_t(power_of_ten(length) - low)));
  }
  static std::uint64_t hash(sum const& s) {
    auto const words =
        cohort::philox4x32::block({std::uint32_t(std::min(s.a, s.b)), std::uint32_t(std::max(s.a, s.b)), 0, 0}, {0, 0});
    return std::uint64_t(words[0]) << 32 | words[1];
  }
};

}  // namespace addition
