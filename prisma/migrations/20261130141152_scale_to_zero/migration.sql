-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "sleep" JSONB,
ADD COLUMN     "sleepAfterMinutes" INTEGER;

-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "asleep" BOOLEAN NOT NULL DEFAULT false;
