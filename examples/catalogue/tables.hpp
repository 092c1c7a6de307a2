#pragma once
#include <cohort/cohort.hpp>
#include <string>
#include <tuple>

// Components as rows of tables: what they say of themselves.

namespace pages {

using namespace cohort;

template <class C>
std::string name_of(C const& c) {
  return detail::component_name(c);
}

/// A cell's text; a | would end the cell.
inline std::string cell(std::string const& text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}
inline std::string code(std::string const& text) { return "`" + cell(text) + "`"; }

/// The header in which a component is defined, as a program includes it.
inline std::string header_of(about const& notes) {
  std::string file = notes.file;
  std::size_t root = file.rfind("cohort/");
  return root == std::string::npos ? file : file.substr(root + 7);
}

/// The terms that an objective reads, or nothing for what is none.
template <class C>
std::string terms_of(C const& c) {
  std::string all;
  if constexpr (requires { terms_read_by(c); })
    for (int k = 0; k < detail::term_count; ++k)
      if (terms_read_by(c) >> k & 1) all += (all.empty() ? "" : ", ") + std::string(detail::terms_of_step[k].name);
  return all;
}

template <class C>
std::string row(C const& c, bool with_terms) {
  about const& notes = C::notes;
  std::string middle = with_terms ? " | " + terms_of(c) : "";
  return "| `" + name_of(c) + "` | " + code(notes.formula) + middle + " | `" + header_of(notes) + "` | " +
         cell(notes.source) + " | " + cell(notes.as_in) + " |\n";
}

template <class... C>
std::string table(std::tuple<C...> const& components) {
  constexpr bool with_terms = ((objective<C> || pair_objective<C>) || ...);
  std::string all = with_terms
                        ? "| | formula | reads | header | source | as in |\n| --- | --- | --- | --- | --- | --- |\n"
                        : "| | formula | header | source | as in |\n| --- | --- | --- | --- | --- |\n";
  std::apply([&](auto const&... c) { ((all += row(c, with_terms)), ...); }, components);
  return all;
}

/// f(name, the components) for each kind.
template <class F>
void each_table(F f) {
  using namespace cohort::catalogue;
  f("critic_estimators", critic_estimators{}), f("probe_estimators", probe_estimators{});
  f("group_estimators", group_estimators{}), f("outer_estimators", outer_estimators{});
  f("reward_scales", reward_scales{});
  f("kl_estimators", kl_estimators{}), f("kl_controllers", kl_controllers{});
  f("aggregations", aggregations{});
  f("step_objectives", step_objectives{}), f("series_objectives", series_objectives{});
  f("pair_objectives", pair_objectives{}), f("value_distances", value_distances{});
  f("selections", selections{});
  f("updates", updates{}), f("optimizers", optimizers{}), f("schedules", schedules{});
}

/// What objective_curves draws, one below the other.
inline std::string pictures() {
  std::string all;
  auto one = [&](auto const& o) {
    std::string const name = name_of(o);
    if (!(terms_read_by(o) & needs::logp)) return;
    all += (all.empty() ? "### " : "\n### ") + name + "\n\n`" + o.notes.formula + "`\n\n![" + name + "](objectives/" +
           name + ".svg)\n";
  };
  std::apply([&](auto const&... o) { (one(o), ...); }, cohort::catalogue::step_objectives{});
  return all;
}

}  // namespace pages
