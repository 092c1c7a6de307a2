// expect: a reward needs `double operator()(completion<Row> const&) const`
// at most: 10 lines
#include <cohort/language/reward/rewards.hpp>

struct row {
  int answer = 0;
};

struct brevity {
#ifdef CONTROL
  double operator()(cohort::completion<row> const& c) const { return -double(c.text.size()); }
#else
  double operator()(std::string_view text) const { return -double(text.size()); }
#endif
};

int main() {
  cohort::rewards set{cohort::named_reward{"brevity", brevity{}, .5}};
  row r;
  set(cohort::completion<row>{.prompt = "1+1=", .text = "2", .tokens = {}, .row = r}, 0, 0);
}
