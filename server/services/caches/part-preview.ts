import type { ChangePreview } from "../../contract/index.ts";

/** What a part of a change does, and about how long it takes. */
export interface PartPreview
	extends Pick<ChangePreview, "steps" | "restarts" | "failovers" | "problems"> {
	seconds: number;
}

export const NOTHING: PartPreview = {
	...{ steps: [], restarts: [], failovers: [], problems: [] },
	seconds: 0,
};
