/** One line of what an install is doing. `elapsedMs` counts from the start of the whole install. */
export interface EngineProgress {
	readonly step: "wait" | "look-up" | "download" | "unpack" | "relocate" | "verify" | "done";
	readonly elapsedMs: number;
	readonly detail: string;
}
export type OnEngineProgress = (progress: EngineProgress) => void;
export type ReportProgress = (step: EngineProgress["step"], detail: string) => void;
