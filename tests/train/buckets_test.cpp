// SPDX-License-Identifier: MIT
#include <map>

#include "train/gradient_buckets.hpp"
#include "train/ranks.hpp"
#include "train/training.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

// As if a second rank had gradients of twice this one's.
struct Wire {
  int sent = 0, waited = 0;
  train::GradientBuckets::Wait operator()(Tensor t) {
    ++sent;
    t.mul_(3.0);
    return [this] { ++waited; };
  }
};

// Environment variables for the life of the object.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& set) {
    for (const char* name :
         {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
          "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
          "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "PMI_RANK", "PMI_SIZE"})
      ::unsetenv(name);
    for (const auto& [name, value] : set) {
      ::setenv(name.c_str(), value.c_str(), 1);
      names_.push_back(name);
    }
  }
  ~Environment() {
    for (const std::string& name : names_) ::unsetenv(name.c_str());
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace

TEST_CASE("gradients become the mean over the ranks, in buckets sent on the way") {
  torch::manual_seed(1);
  std::vector<Tensor> parameters;
  for (const int64_t n : {3, 1500000, 5, 1200000, 7})
    parameters.push_back(torch::randn({n}).requires_grad_(true));
  Wire wire;
  train::GradientBuckets buckets(parameters, 2, std::ref(wire));
  const auto loss = [&](int64_t used) {
    Tensor sum = torch::zeros({});
    for (int64_t i = 0; i < used; ++i) sum = sum + parameters[i].square().sum();
    return sum;
  };
  SUBCASE("a pass") {
    buckets.begin();
    loss(5).backward();
    CHECK(wire.sent == 3);  // before finish()
    buckets.finish();
    CHECK(wire.waited == wire.sent);
    for (const Tensor& p : parameters) CHECK(torch::allclose(p.grad(), 1.5 * 2.0 * p.detach()));
  }
  SUBCASE("passes that add up are sent once") {
    loss(5).backward();
    CHECK(wire.sent == 0);
    buckets.begin();
    loss(5).backward();
    buckets.finish();
    for (const Tensor& p : parameters) CHECK(torch::allclose(p.grad(), 1.5 * 4.0 * p.detach()));
  }
  SUBCASE("a parameter that the pass does not use counts as zero") {
    buckets.begin();
    loss(4).backward();
    buckets.finish();
    CHECK(wire.waited == 3);
    CHECK(parameters[4].grad().abs().max().item<float>() == 0.0f);
    CHECK(torch::allclose(parameters[0].grad(), 3.0 * parameters[0].detach()));
  }
}

TEST_CASE("a rank finds its place in the usual variables") {
  using train::place_from_environment;
  const auto error = [] { return test::error_of([] { place_from_environment(); }); };
  {
    const Environment none({});
    CHECK(!place_from_environment());
  }
  {
    const Environment torchrun({{"RANK", "3"},
                                {"WORLD_SIZE", "4"},
                                {"LOCAL_RANK", "1"},
                                {"LOCAL_WORLD_SIZE", "2"},
                                {"MASTER_ADDR", "10.0.0.1"},
                                {"MASTER_PORT", "1234"}});
    const auto place = place_from_environment();
    REQUIRE(place);
    CHECK(place->rank == 3);
    CHECK(place->ranks == 4);
    CHECK(place->local_rank == 1);
    CHECK(place->local_ranks == 2);
    CHECK(place->address == "10.0.0.1");
    CHECK(place->port == 1234);
  }
  {
    const Environment mpirun({{"OMPI_COMM_WORLD_RANK", "1"},
                              {"OMPI_COMM_WORLD_SIZE", "2"},
                              {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                              {"MASTER_ADDR", "host"}});
    CHECK(place_from_environment()->rank == 1);
    CHECK(place_from_environment()->local_rank == 1);
  }
  {
    const Environment srun({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}, {"MASTER_ADDR", "host"}});
    CHECK(place_from_environment()->rank == 1);
  }
  {
    const Environment inside_a_job({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}});
    CHECK(!place_from_environment());
  }
  {
    const Environment alone({{"RANK", "0"}, {"WORLD_SIZE", "1"}});
    CHECK(!place_from_environment());
  }
  {
    const Environment half(std::map<std::string, std::string>{{"WORLD_SIZE", "2"}});
    CHECK(test::contains(error(), "RANK: is not set"));
  }
  {
    const Environment beyond({{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "host"}});
    CHECK(test::contains(error(), "below the 2 ranks"));
  }
  {
    const Environment nowhere({{"RANK", "0"}, {"WORLD_SIZE", "2"}});
    CHECK(test::contains(error(), "MASTER_ADDR: is not set"));
  }
  {
    const Environment odd({{"RANK", "x"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "host"}});
    CHECK(test::contains(error(), "got 'x'"));
  }
}
