// SPDX-License-Identifier: MIT
// Where a process stands among others that train the same model.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace glowvox::train {

// Where a process stands among the others.
struct RankPlace {
  int rank = 0, ranks = 1;
  int local_rank = 0, local_ranks = 1;  // among those of its machine
  std::string address;                  // where the ranks meet
  int port = 0;
  // Rank 0 opens the meeting place itself; torchrun opens it for its ranks.
  bool hosts_store = true;
  // How long a rank waits for another within a step before it takes it for lost.
  std::chrono::seconds timeout{40};
};

// From RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun
// sets them; rank, size and local rank also from what mpirun (OMPI_COMM_WORLD_*), MPICH (PMI_*)
// and, with MASTER_ADDR set, SLURM's srun (SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID) set. Nothing
// where none of it is set or there is one rank. Throws Error for values that do not belong
// together.
std::optional<RankPlace> place_from_environment();

}  // namespace glowvox::train
