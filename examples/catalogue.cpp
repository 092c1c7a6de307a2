// What the library has, by name.
//
//     catalogue                 all names
//     catalogue NAME...         what an algorithm of a paper is: its parts, their formulas, what of it is certain
//     catalogue --page FILE     a page of the docs with its tables as they are now; `docs` is the target that writes
//     them
#include <cohort/presets.hpp>
#include <cstdio>
#include <cstring>

#include "catalogue/page.hpp"
#include "program/exit_status.hpp"

namespace {

void print_names() {
  pages::each_table([](char const* name, auto const& components) {
    std::printf("%s:", name);
    std::apply([](auto const&... c) { (std::printf(" %s", pages::name_of(c).c_str()), ...); }, components);
    std::puts("");
  });
  std::printf("presets:");
  for (auto const& name : cohort::preset::names()) std::printf(" %s", name.c_str());
  std::puts("");
}

void print(int count, char** given) {
  if (count == 1) return print_names();
  if (std::strcmp(given[1], "--page") == 0 && count == 3) {
    std::fputs(pages::page_now(pages::read(given[2])).c_str(), stdout);
    return;
  }
  for (int i = 1; i < count; ++i) try {
      std::printf("%s%s", i > 1 ? "\n" : "", cohort::preset::described(given[i]).c_str());
    } catch (cohort::value_error const& unknown) {
      throw program::usage_error(unknown.what());
    }
}

}  // namespace

int main(int count, char** given) {
  return program::guarded("catalogue", [&] { print(count, given); });
}
