// Named algorithms: `presets dapo` explains one, `presets` prints the tables of docs/presets.md, which a test compares
// with what this prints.
#include <cohort/preset/registry.hpp>
#include <cstdio>
using namespace cohort;

template <class X>
std::string cell(X const& part) {
  return "`" + detail::part_text(part) + "`";
}

void print_tables() {
  std::puts("| preset | advantage | objective | mean |\n| --- | --- | --- | --- |");
  preset::each([](auto const& p) {
    auto a = p();
    std::printf("| `%s` | %s | %s | %s |\n", p.from.name, cell(a.advantage).c_str(), cell(a.objective).c_str(),
                cell(a.aggregation).c_str());
  });
  std::puts("\n| preset | rollout | update |\n| --- | --- | --- |");
  preset::each([](auto const& p) {
    auto a = p();
    std::string more;
    if (!std::is_same_v<decltype(a.reward), raw_reward>) more += "; rewards: " + cell(a.reward);
    if (a.reference.every > 0) more += "; reference: " + cell(a.reference);
    std::printf("| `%s` | %s | %s%s |\n", p.from.name, cell(a.rollout).c_str(), cell(a.update).c_str(), more.c_str());
  });
  std::puts("\n| preset | source | certain | open, and what was taken |\n| --- | --- | --- | --- |");
  preset::each([](auto const& p) {
    std::printf("| `%s` | %s | %s | %s |\n", p.from.name, p.from.paper, p.from.certain, p.from.open);
  });
}

int main(int argc, char** argv) try {
  if (argc == 1) print_tables();
  for (int i = 1; i < argc; ++i) std::printf("%s%s", i > 1 ? "\n" : "", preset::described(argv[i]).c_str());
} catch (cohort::cohort_error const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
