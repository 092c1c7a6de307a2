#pragma once

namespace device_bench {

/// How a part is to be run.
struct request {
  bool small = false;  ///< at sizes that a device played by the host is through with in a second; what it measures says
                       ///< nothing then

  template <class N>
  N size(N full, N tried) const {
    return small ? tried : full;
  }
};

// What is measured: each prints its results and throws where something is wrong, a result that is not right included.
void machine(request const&);
void copies(request const&);
void products(request const&);
void objectives(request const&);
void advantages(request const&);
void samples(request const&);
void optimizer_steps(request const&);
void cart_pole_speed(request const&);
void cart_pole_time(request const&);
void generated_tokens(request const&);
void trained_tokens(request const&);
void grpo_steps(request const&);

}  // namespace device_bench
