// The ruler: what copying gives.
#include "copy_rate.hpp"
#include "result.hpp"

namespace device_bench {

void copies(request const& asked) {
  device gpu;
  copy_rates rates = measure_copies(gpu, asked);
  std::string size = with_commas(rates.bytes >> 10) + " KiB";
  print({"copy by cudaMemcpyAsync", size, rates.by_driver / 1e9, "GB/s"});
  print({"copy by a kernel", size, rates.by_kernel / 1e9, "GB/s", rates.by_kernel / rates.best(), "copy"});
}

}  // namespace device_bench
