import type { Role } from "../../server/contract/access.ts";

export const ROLE_NAMES: Readonly<Record<Role, string>> = {
	administrator: "Administrator",
	viewer: "Viewer",
};

/** Shown to viewers. */
export const VIEWERS_MAY =
	"You can see everything except secrets, but you can't change anything except your own account.";
