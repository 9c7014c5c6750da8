-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "modeChange" JSONB;
