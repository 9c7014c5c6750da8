import type { ChangePreview } from "../../contract/index.ts";

/** What a part of a change does, and about how long it takes. */
export interface PartPreview
	extends Pick<ChangePreview, "steps" | "restarts" | "failovers" | "problems"> {
	seconds: number;
}

/** Of a part that does nothing, to be filled by its caller. */
export function emptyPreview(): PartPreview {
	return { steps: [], restarts: [], failovers: [], problems: [], seconds: 0 };
}
