export type { InstalledEngine } from "./engine-store.ts";
export { EngineUnavailableError } from "./engine-unavailable-error.ts";
export { ensureEngine, findEngine, listEngines } from "./ensure-engine.ts";
