#include <cohort/backend/torch.hpp>

struct itself {
  template <class S>
  constexpr S operator()(S const& x) const {
    return x;
  }
};

int main() {
  cohort::torch::backend backend;
  at::Tensor const x = at::ones({10}), sum = at::zeros({1});
  backend.reduce(cohort::torch::view_of<float>(sum), itself{}, cohort::torch::view_of<float>(x));
  return sum.item<float>() == 10 ? 0 : 1;
}
