#pragma once
#include <charconv>
#include <cohort/describe/names.hpp>
#include <map>
#include <optional>
#include <system_error>

namespace COHORT_NAMESPACE::language {

/// A reward as a command line names it, with its parameters:
///
///     accuracy                    length_target:target=20:alpha=0.5
///
/// Whoever makes the reward takes what it knows; the rest is refused.
class reward_settings {
 public:
  /// Raises value_error for a parameter without a name or a value, or that comes twice.
  explicit reward_settings(std::string const& text) : text_(text), name_(text.substr(0, text.find(':'))) {
    for (std::size_t begin = name_.size(); begin < text.size();) {
      std::size_t const end = std::min(text.find(':', begin + 1), text.size());
      std::string const one = text.substr(begin + 1, end - begin - 1);
      std::size_t const middle = one.find('=');
      if (middle == one.npos || middle == 0 || middle + 1 == one.size())
        refuse("has '" + one + "', expected parameter=value");
      if (!given_.emplace(one.substr(0, middle), one.substr(middle + 1)).second)
        refuse("has " + one.substr(0, middle) + " twice");
      begin = end;
    }
  }

  std::string const& name() const { return name_; }
  std::string const& text() const { return text_; }

  /// The parameter of that name, or what it is otherwise.
  std::string word(std::string const& parameter, std::string const& otherwise) {
    known_.push_back(parameter);
    auto const found = given_.find(parameter);
    return found == given_.end() ? otherwise : found->second;
  }
  /// With no `otherwise` it has to be given.
  double number(std::string const& parameter, std::optional<double> otherwise) {
    std::string const given = word(parameter, "");
    if (given.empty()) {
      if (!otherwise) refuse("lacks its " + parameter + ": " + name_ + ":" + parameter + "=NUMBER");
      return *otherwise;
    }
    double value = 0;
    auto const [stop, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc{} || stop != given.data() + given.size())
      refuse("has " + parameter + " '" + given + "', expected a number");
    return value;
  }
  /// Raises value_error for a parameter that nobody took.
  void require_all_taken() const {
    for (auto const& [parameter, value] : given_)
      if (std::find(known_.begin(), known_.end(), parameter) == known_.end()) {
        if (known_.empty()) refuse("has the parameter " + parameter + ", and it takes none");
        throw detail::unknown_name("reward '" + text_ + "'", "parameter", parameter, known_);
      }
  }

 private:
  [[noreturn]] void refuse(std::string const& what) const { throw value_error("reward '" + text_ + "' " + what); }
  std::string text_, name_;
  std::map<std::string, std::string> given_;
  std::vector<std::string> known_;
};

}  // namespace COHORT_NAMESPACE::language
