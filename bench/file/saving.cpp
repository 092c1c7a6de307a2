// What it takes to save so many MiB of parameters and wait for the disk, beside `cp` of a file of that size followed by
// `sync FILE`, in turn:
//
//     bench_saving [MIB] [ROUNDS] [FOLDER]
#include <algorithm>
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
#include <cstdlib>

using namespace cohort;

namespace {

struct parameters_alone {
  eigen::backend::array<float> numbers;
  view<float> parameters() { return numbers.all(); }
  view<float const> parameters() const { return numbers.all(); }
};

template <class F>
double seconds(F f) {
  auto const begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
void shell(std::string const& command) {
  if (std::system(command.c_str()) != 0) std::exit(1);
}
double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

}  // namespace

int main(int count, char** words) {
  auto const word = [&](int i, char const* otherwise) { return count > i ? words[i] : otherwise; };
  std::size_t const size = std::stoul(word(1, "1024")) << 20;
  int const rounds = std::stoi(word(2, "5"));
  std::filesystem::path const folder = word(3, ".");
  std::string const ours = (folder / "saved.cohort").string(), source = (folder / "source.cohort").string(),
                    copy = (folder / "copied.cohort").string();
  eigen::backend cpu;
  parameters_alone part;
  std::vector<float> numbers(size / sizeof(float));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(i % 1000003);
  cpu.assign(part.numbers, std::span<float const>(numbers));
  save(cpu, part, source);

  std::vector<double> saving, copying, ratio;
  for (int k = 0; k < rounds; ++k) {
    shell("rm -f '" + ours + "' '" + copy + "' && sync '" + folder.string() + "'");
    auto save_it = [&] { saving.push_back(seconds([&] { save(cpu, part, ours); })); };
    auto copy_it = [&] {
      copying.push_back(seconds([&] { shell("cp '" + source + "' '" + copy + "' && sync '" + copy + "'"); }));
    };
    if (k % 2) save_it(), copy_it();
    else copy_it(), save_it();
    ratio.push_back(saving.back() / copying.back());
    std::printf("save %.2f s, cp and sync %.2f s: %.2f\n", saving.back(), copying.back(), ratio.back());
  }
  double checksum = 0;
  std::uint32_t sum = 0;
  checksum = seconds([&] { sum = file::crc32c(std::as_bytes(std::span(numbers))); });
  std::printf("medians of %d: save %.2f s, cp and sync %.2f s, ratio %.2f; the checksum alone %.3f s (%08x)\n", rounds,
              median(saving), median(copying), median(ratio), checksum, unsigned(sum));
  for (auto const& file : {ours, source, copy}) std::filesystem::remove(file);
  return 0;
}
