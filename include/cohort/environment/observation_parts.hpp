#pragma once
#include <algorithm>
#include <cohort/describe/names.hpp>
#include <cohort/environment/spaces.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// Several observations as one box, in the order and the form of Gymnasium's FlattenObservation: parts by their names,
/// as Dict sorts them, "part/0", "part/1", ... of a Tuple by their numbers; a box's numbers as they are, a choice as
/// zeros and a one, several choices one after the other, bits as 0 and 1.
///
///     observation_parts parts{{"place", box<2>{{0, 0}, {9, 9}}}, {"door", discrete{3}}};
///     box<dynamic> observations = parts.space();
///     std::vector<std::string> observation_names = parts.names();   // door=0, door=1, door=2, place[0], place[1]
///     std::vector<float> observe(state const& s) const {
///       std::vector<float> all(parts.size());
///       parts.put("place", {s.x, s.y}, all), parts.put("door", {double(s.door)}, all);
///       return all;
///     }
class observation_parts {
 public:
  struct part {
    std::string name;
    space_values values;
    template <class Space>
    part(std::string n, Space const& space) : name(std::move(n)), values(detail::values_of(space)) {}
  };

  /// Raises value_error for parts without a name, of one name, and for a space without a value.
  observation_parts(std::initializer_list<part> parts) : parts_(parts) {
    std::ranges::sort(parts_, {}, [](part const& p) { return key(p.name); });
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      auto const& [name, values] = parts_[k];
      auto refuse = [&](std::string const& what) {
        throw value_error("observation_parts: the part '" + name + "' " + what);
      };
      if (name.empty()) refuse("has no name");
      if (k > 0 && name == parts_[k - 1].name) refuse("is there twice");
      if (values.size() == 0) refuse("has no numbers");
      for (int n : values.n)
        if (n < 1) refuse("has a choice of " + std::to_string(n) + " values, expected at least 1");
      if (values.low.size() != values.high.size()) refuse("has a box of other numbers of low and high bounds");
      for (std::size_t d = 0; d < values.low.size(); ++d)
        if (!(values.low[d] <= values.high[d])) refuse("has a box whose low is above its high");
      first_.push_back(size_);
      size_ += shown(values);
    }
  }

  std::size_t size() const { return size_; }
  box<dynamic> space() const {
    box<dynamic> all{std::vector<double>(size_, 0.), std::vector<double>(size_, 1.)};
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      auto const at = std::ptrdiff_t(first_[k]);
      std::ranges::copy(parts_[k].values.low, all.low.begin() + at);
      std::ranges::copy(parts_[k].values.high, all.high.begin() + at);
    }
    return all;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto const& [name, values] : parts_)
      for (std::size_t d = 0; d < values.size(); ++d) {
        auto const number = values.size() == 1 ? name : name + "[" + std::to_string(d) + "]";
        if (!is_choice(values)) all.push_back(number);
        else
          for (int k = 0; k < values.n[d]; ++k) all.push_back(number + "=" + std::to_string(k));
      }
    return all;
  }

  /// What a part shows, to its place in the whole. Raises value_error for a part that there is not, another number of
  /// values, and a choice or a bit that there is not.
  void put(std::string_view name, std::span<double const> shown, std::span<float> whole) const {
    auto const found = std::ranges::find(parts_, name, &part::name);
    if (found == parts_.end()) throw detail::unknown_name("observation_parts", "part", name, part_names());
    auto const& values = found->values;
    detail::require(shown.size() == values.size(), "observation_parts", found->name.c_str(), double(shown.size()),
                    ("so many numbers: " + std::to_string(values.size())).c_str());
    detail::require(whole.size() == size_, "observation_parts", "the whole", double(whole.size()),
                    ("so many numbers: " + std::to_string(size_)).c_str());
    float* to = whole.data() + first_[std::size_t(found - parts_.begin())];
    for (std::size_t d = 0; d < shown.size(); ++d) {
      if (values.n.empty()) {
        *to++ = float(shown[d]);
        continue;
      }
      int const n = values.n[d];
      detail::require(shown[d] >= 0 && shown[d] < n && shown[d] == int(shown[d]), "observation_parts",
                      found->name.c_str(), shown[d], ("an integer from 0 to " + std::to_string(n - 1)).c_str());
      if (!is_choice(values)) *to++ = float(shown[d]);
      else
        for (int k = 0; k < n; ++k) *to++ = float(k == int(shown[d]));
    }
  }
  void put(std::string_view name, std::initializer_list<double> shown, std::span<float> whole) const {
    put(name, std::span(shown.begin(), shown.size()), whole);
  }

 private:
  static bool is_choice(space_values const& values) { return !values.n.empty() && values.kind != "binary"; }
  static std::size_t shown(space_values const& values) {
    if (!is_choice(values)) return values.size();
    std::size_t all = 0;
    for (int n : values.n) all += std::size_t(n);
    return all;
  }
  /// The steps of a name's path; numbers, which are a Tuple's, by their size.
  static std::vector<std::pair<std::size_t, std::string>> key(std::string_view name) {
    std::vector<std::pair<std::size_t, std::string>> all;
    for (std::size_t slash; !name.empty(); name.remove_prefix(std::min(slash, name.size() - 1) + 1)) {
      slash = name.find('/');
      std::string step(name.substr(0, slash));
      bool const number = step.find_first_not_of("0123456789") == std::string::npos;
      all.emplace_back(number ? step.size() : 0, std::move(step));
    }
    return all;
  }
  std::vector<std::string> part_names() const {
    std::vector<std::string> all;
    for (auto const& p : parts_) all.push_back(p.name);
    return all;
  }

  std::vector<part> parts_;
  std::vector<std::size_t> first_;
  std::size_t size_ = 0;
};

}  // namespace COHORT_NAMESPACE
