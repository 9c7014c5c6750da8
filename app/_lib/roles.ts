import type { Role } from "../../server/contract/access.ts";

export const ROLE_NAMES: Readonly<Record<Role, string>> = {
	administrator: "Administrator",
	viewer: "Viewer",
};

/** After "You are a viewer: ". */
export const VIEWERS_MAY = "you see everything but secrets, and change nothing.";
