export type { InstalledEngine } from "./engine-store.ts";
export { EngineUnavailableError } from "./engine-unavailable-error.ts";
export {
	type EnsureEngineOptions,
	ensureEngine,
	findEngine,
	listEngines,
} from "./ensure-engine.ts";
export type { EngineProgress, OnEngineProgress } from "./progress.ts";
