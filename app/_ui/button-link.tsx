import { buttonVariants } from "@heroui/react";
import type { ReactNode } from "react";
import { PageLink } from "./page-link.tsx";

interface ButtonLinkProps {
	href: string;
	variant?: "primary" | "outline" | "ghost";
	size?: "sm" | "md";
	className?: string;
	children: ReactNode;
}

/** A link that looks like a button: it leads somewhere, so it stays a link. */
export function ButtonLink({
	href,
	variant = "primary",
	size = "md",
	className,
	children,
}: ButtonLinkProps) {
	return (
		<PageLink
			href={href}
			className={buttonVariants({ variant, size, ...(className ? { className } : {}) })}
		>
			{children}
		</PageLink>
	);
}
