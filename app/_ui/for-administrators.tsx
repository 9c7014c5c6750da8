"use client";

import type { ReactNode } from "react";
import { useIsViewer } from "../_lib/queries.ts";

interface ForAdministratorsProps {
	children: ReactNode;
	/** What viewers see in its place. */
	otherwise?: ReactNode;
}

/** What changes something or reveals a secret: viewers, whom the API would refuse, don't see it. */
export function ForAdministrators({ children, otherwise = null }: ForAdministratorsProps) {
	return useIsViewer() ? otherwise : children;
}
