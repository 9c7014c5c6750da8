import { Logo } from "../logo.tsx";
import { PageLink } from "../page-link.tsx";
import { Palette } from "../palette/palette.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { NavigationDrawer } from "./navigation-drawer.tsx";
import { ThemeMenu, TimeZoneSwitch } from "./preference-controls.tsx";
import { ZoneHealth } from "./zone-health.tsx";

export function TopBar() {
	return (
		<header className="sticky top-0 z-30 flex h-13 items-center gap-2 border-b border-border bg-sidebar px-3 sm:gap-3 sm:px-5">
			<NavigationDrawer />
			<PageLink href="/caches" className="flex items-center gap-2.5 text-base font-semibold">
				<Logo />
				<span className="hidden sm:inline">Larder</span>
				<span className="sr-only sm:hidden">Larder</span>
			</PageLink>
			<div className="flex min-w-0 flex-1 justify-center">
				<Palette />
			</div>
			<div className="flex items-center gap-1 sm:gap-1.5">
				<ZoneHealth />
				<TimeZoneSwitch />
				<ThemeMenu />
				<AccountMenu />
			</div>
		</header>
	);
}
