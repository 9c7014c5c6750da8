"use client";

import type { ReactNode } from "react";
import { useIsViewer } from "../_lib/queries.ts";

interface ForAdministratorsProps {
	children: ReactNode;
	/** What viewers see in its place. */
	otherwise?: ReactNode;
}

/** For what changes something or reveals a secret. Viewers don't see it, because the API would refuse them. */
export function ForAdministrators({ children, otherwise = null }: ForAdministratorsProps) {
	return useIsViewer() ? otherwise : children;
}
