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

}  // namespace

int main(int count, char** given) try {
  if (count == 1) print_names();
  else if (std::strcmp(given[1], "--page") == 0 && count == 3)
    std::fputs(pages::page_now(pages::read(given[2])).c_str(), stdout);
  else
    for (int i = 1; i < count; ++i) std::printf("%s%s", i > 1 ? "\n" : "", cohort::preset::described(given[i]).c_str());
} catch (cohort::cohort_error const& e) {
  std::fprintf(stderr, "catalogue: %s\n", e.what());
  return 1;
}
