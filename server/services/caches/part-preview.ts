import type { ChangePreview } from "../../contract/index.ts";

/** What a part of a change does. */
export type PartPreview = Pick<ChangePreview, "steps" | "restarts" | "failovers" | "problems">;

export const NOTHING: PartPreview = { steps: [], restarts: [], failovers: [], problems: [] };
