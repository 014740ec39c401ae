/** `steady`: a healthy mesh that talks. Whatever goes wrong here is a defect. */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'

export const steady: AnyScenario = defineScenario({
  name: 'steady',
  summary: 'a healthy mesh in which everybody talks',
  nodes: 20,
  durationMs: 60_000,
})
