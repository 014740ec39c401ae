/** The ready scenarios, in the order in which `earshot sim --list` shows them. */
import type { AnyScenario } from '../scenario/scenario.ts'
import { beaconBlackout } from './beacon-blackout.ts'
import { churn } from './churn.ts'
import { coldBoot } from './cold-boot.ts'
import { conferenceWifi } from './conference-wifi.ts'
import { flashCrowd } from './flash-crowd.ts'
import { goodbyeStorm } from './goodbye-storm.ts'
import { oneWayPartition } from './one-way-partition.ts'
import { partitionHeal } from './partition-heal.ts'
import { random } from './random.ts'
import { roaming } from './roaming.ts'
import { rollingUpgrade } from './rolling-upgrade.ts'
import { sleepingLaptops } from './sleeping-laptops.ts'
import { slowConsumer } from './slow-consumer.ts'
import { steady } from './steady.ts'

export const SCENARIOS: readonly AnyScenario[] = [
  steady,
  coldBoot,
  churn,
  flashCrowd,
  conferenceWifi,
  partitionHeal,
  oneWayPartition,
  roaming,
  sleepingLaptops,
  slowConsumer,
  beaconBlackout,
  goodbyeStorm,
  rollingUpgrade,
  random,
]
