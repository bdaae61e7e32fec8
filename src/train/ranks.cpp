// SPDX-License-Identifier: MIT
#include "train/ranks.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <new>

#include "core/messages.hpp"
#include "glowvox/error.hpp"
#include "train/gradient_buckets.hpp"

#ifdef GLOWVOX_RANKS
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "train/rank_store.hpp"
#endif

namespace glowvox::train {

namespace {

const char* first_set(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return name;
  return nullptr;
}

// The first of these variables that is set, as a number from low to high.
std::optional<int> number(std::initializer_list<const char*> names, long low, long high) {
  const char* name = first_set(names);
  if (!name) return std::nullopt;
  const char* text = std::getenv(name);
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != '\0' || value < low || value > high)
    throw Error(name, fmt::format("expected a number from {} to {}, got '{}'", low, high, text));
  return static_cast<int>(value);
}

constexpr long kMostRanks = 1 << 16;
constexpr int kUsualPort = 29500;  // torchrun's

}  // namespace

std::optional<RankPlace> place_from_environment() {
  const char* address = first_set({"MASTER_ADDR"});
  auto size = number({"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}, 1, kMostRanks);
  auto rank = number({"RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"}, 0, kMostRanks);
  auto local =
      number({"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID"}, 0, kMostRanks);
  auto local_size =
      number({"LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"}, 1, kMostRanks);
  // A shell inside a SLURM job has these without being one of several tasks.
  if (!size && !rank && address) {
    size = number({"SLURM_NTASKS"}, 1, kMostRanks);
    rank = number({"SLURM_PROCID"}, 0, kMostRanks);
    local = number({"SLURM_LOCALID"}, 0, kMostRanks);
  }
  if (size.has_value() != rank.has_value())
    throw Error(size ? "RANK" : "WORLD_SIZE", "is not set, but its companion is",
                "set both, or neither for one process");
  if (!size || *size == 1) return std::nullopt;
  if (*rank >= *size)
    throw Error("RANK", fmt::format("expected a number below the {} ranks, got {}", *size, *rank));
  if (!address)
    throw Error("MASTER_ADDR", fmt::format("is not set, and there are {} ranks", *size),
                "set it to the host of rank 0, the same for all");
  RankPlace place;
  place.rank = *rank;
  place.ranks = *size;
  place.local_rank = local.value_or(0);
  place.local_ranks = local_size.value_or(1);
  place.address = std::getenv("MASTER_ADDR");
  place.port = number({"MASTER_PORT"}, 1, 65535).value_or(kUsualPort);
  const char* agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
  place.hosts_store = place.rank == 0 && !(agent != nullptr && std::string(agent) == "True");
  return place;
}

#ifdef GLOWVOX_RANKS

namespace {

constexpr std::chrono::minutes kMeetingTimeout{5};
constexpr std::chrono::hours kAloneTimeout{2};

[[noreturn]] void throw_lost(const RankPlace& place, const std::exception& reason) {
  throw Error(fmt::format("rank {} of {}", place.rank, place.ranks),
              "another rank ended or no longer answers (" + message_of(reason) + ")",
              "start all ranks again, with --resume to continue from the last checkpoint");
}

template <typename Body>
auto lost_when_thrown(const RankPlace& place, const Body& body) {
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;  // is this rank's own
  } catch (const std::exception& e) {
    throw_lost(place, e);
  }
}

std::shared_ptr<::gloo::transport::Device> gloo_device(const std::string& address) {
  using c10d::ProcessGroupGloo;
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name != nullptr && *name != '\0')
    return ProcessGroupGloo::createDeviceForInterface(name);
  // A host's own name need not lead back to it, least of all in a container.
  if (address == "localhost" || address.rfind("127.", 0) == 0)
    return ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
  return ProcessGroupGloo::createDefaultDevice();
}

}  // namespace

// What Gloo and NCCL are derived from.
#if TORCH_VERSION_MAJOR < 2
using Backend = c10d::ProcessGroup;
#else
using Backend = c10d::Backend;
#endif

struct Ranks::Group {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<Backend> control;  // for a few numbers, always on the CPU
  c10::intrusive_ptr<Backend> patient;  // the same, for work that one rank does alone
  c10::intrusive_ptr<Backend> tensors;  // for weights and gradients
  std::unique_ptr<GradientBuckets> buckets;
};

Ranks::Ranks() = default;

Ranks::Ranks(const RankPlace& place, const torch::Device& device) : place_(place) {
  if (place.ranks == 1) return;
  group_ = std::make_unique<Group>();
  try {
    c10d::TCPStoreOptions options = store_options();
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = place.hosts_store;
    options.timeout = kMeetingTimeout;
    group_->store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    // A group's operations all have its own timeout; that of a single call is not looked at.
    const auto gloo = [&](const char* name, std::chrono::milliseconds timeout) {
      auto own = c10d::ProcessGroupGloo::Options::create(timeout);
      own->devices.push_back(gloo_device(place.address));
      own->threads = 2;
      return c10::make_intrusive<c10d::ProcessGroupGloo>(
          c10::make_intrusive<c10d::PrefixStore>(name, group_->store), place.rank, place.ranks,
          own);
    };
    group_->control = group_->tensors = gloo("control", place.timeout);
    group_->patient = gloo("patient", kAloneTimeout);
    if (device.is_cuda()) {
#ifdef USE_C10D_NCCL
      auto nccl = c10d::ProcessGroupNCCL::Options::create();
      nccl->timeout = place.timeout;
      group_->tensors = c10::make_intrusive<c10d::ProcessGroupNCCL>(
          c10::make_intrusive<c10d::PrefixStore>("nccl", group_->store), place.rank, place.ranks,
          nccl);
#endif
    }
  } catch (const std::exception& e) {
    throw Error(fmt::format("rank {} of {}", place.rank, place.ranks),
                fmt::format("could not meet the others at {}:{} ({})", place.address, place.port,
                            message_of(e)),
                "check MASTER_ADDR, MASTER_PORT and that every rank was started");
  }
}

Ranks::~Ranks() = default;

void Ranks::share_gradients(const std::vector<torch::Tensor>& parameters) {
  if (!group_) return;
  const auto send = [group =
                         group_->tensors](const torch::Tensor& tensor) -> GradientBuckets::Wait {
    std::vector<torch::Tensor> one = {tensor};
    const auto work = group->allreduce(one);
    return [work] { work->wait(); };
  };
  group_->buckets = std::make_unique<GradientBuckets>(parameters, place_.ranks, send);
}

void Ranks::backward(const torch::Tensor& loss, bool average) {
  if (!group_) return loss.backward();
  lost_when_thrown(place_, [&] {
    if (average) group_->buckets->begin();
    loss.backward();
    if (average) group_->buckets->finish();
  });
}

std::vector<double> Ranks::sum(const std::vector<double>& values) {
  if (!group_) return values;
  return lost_when_thrown(place_, [&] {
    std::vector<torch::Tensor> tensors = {torch::tensor(values, torch::kDouble)};
    group_->control->allreduce(tensors)->wait();
    const double* sums = tensors[0].data_ptr<double>();
    return std::vector<double>(sums, sums + values.size());
  });
}

void Ranks::broadcast(const std::vector<torch::Tensor>& tensors) {
  if (!group_) return;
  lost_when_thrown(place_, [&] {
    for (const torch::Tensor& t : tensors) {
      std::vector<torch::Tensor> one = {t};
      group_->tensors->broadcast(one)->wait();
    }
  });
}

void Ranks::wait_for_all() {
  if (!group_) return;
  lost_when_thrown(place_, [&] { group_->patient->barrier()->wait(); });
}

#else

struct Ranks::Group {};
Ranks::Ranks() = default;
Ranks::Ranks(const RankPlace& place, const torch::Device& /*device*/) : place_(place) {
  if (place.ranks > 1)
    throw Error(
        "ranks", "this LibTorch has no Gloo that glowvox can use",
        "build against one that has it (Debian: libtorch-dev and libgloo-dev; PyPI: torch)");
}
Ranks::~Ranks() = default;
void Ranks::share_gradients(const std::vector<torch::Tensor>& /*parameters*/) {}
void Ranks::backward(const torch::Tensor& loss, bool /*average*/) { loss.backward(); }
std::vector<double> Ranks::sum(const std::vector<double>& values) { return values; }
void Ranks::broadcast(const std::vector<torch::Tensor>& /*tensors*/) {}
void Ranks::wait_for_all() {}

#endif

}  // namespace glowvox::train
