// Adam's steps, the gradient scaled as clipping its norm leaves it.
#include "copy_rate.hpp"
#include "result.hpp"

namespace device_bench {

void optimizer_steps(request const& asked) {
  using namespace cohort;
  device gpu;
  double ruler = measure_copies(gpu, asked).best();
  constexpr double bytes = 7 * 4;  // parameter, gradient and two moments in; parameter and moments out
  for (std::ptrdiff_t n : asked.small ? std::array{20 * 256, 512} : std::array{1 << 26, 100'096}) {
    array<float> parameters = random_array(gpu, n, 1), gradient = random_array(gpu, n, 2),
                 scale = filled_array(gpu, 1, .5);
    adam how{.rate = 1e-3};
    auto state = how.start(gpu, n);
    auto before = downloaded(gpu, some_of(parameters.all(), 256)),
         slope = downloaded(gpu, some_of(gradient.all(), 256));
    auto step = [&] {
      how.update(gpu, state, 0, parameters.all(), view<float const>(gradient.all()), view<float const>(scale.all()));
    };
    step();
    auto after = downloaded(gpu, some_of(parameters.all(), 256));
    for (std::size_t i = 0; i < after.size(); ++i) {
      double g = .5 * double(slope[i]);
      require_near("a parameter", after[i], double(before[i]) - how.rate(0) * g / (std::abs(g) + how.epsilon), 1e-6);
    }
    double seconds = seconds_of(gpu, asked, step);
    print({"Adam", with_commas(n) + " parameters", double(n) / seconds / 1e9, "G parameters/s",
           double(n) * bytes / seconds / ruler, "copy"});
  }
}

}  // namespace device_bench
