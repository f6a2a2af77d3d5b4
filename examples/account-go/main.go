// account.Accounts (examples/account/account.proto) as a guest in Go: actors whose state survives them. docs/actors.md walks through
// the same in C++.
package main

import (
	_ "embed"
	"slices"
	"time"

	"account-go/account"

	"wasm-grpc/guest"
	"wasm-grpc/guest/actor"
)

//go:generate ./generate

//go:embed account/account.desc
var descriptors []byte

// state is that of this instance, which is of one account.
var state = actor.New[account.State]("account/", "account-id")

func init() {
	guest.Descriptors(descriptors)
	guest.PlaceByHeader("account-id")
	accounts := guest.NewService("account.Accounts")
	guest.Unary(accounts, "Deposit", deposit)
	guest.Unary(accounts, "Withdraw", withdraw)
	guest.Unary(accounts, "Hold", hold)
	guest.Unary(accounts, "Show", show)
	guest.OnAlarm(endHolds)
	// All that was answered is written; what is lost with the instance can be read again.
	guest.OnEnding(func() { guest.Log(guest.LevelInfo, "gave up "+state.Key()) })
}

func main() {}

const (
	mostCents        = 1_000_000_000_000
	mostMilliseconds = 86_400_000
	mostHolds        = 100
	// When an alarm could not write, as another process did just then.
	pause = 200 * time.Millisecond
)

func deposit(ctx *guest.Context, amount *account.Amount) (*account.Balance, error) {
	return change(ctx, amount.Cents, func(state *account.State) error {
		if amount.Cents > mostCents-state.Cents {
			return guest.Error(guest.FailedPrecondition, "that is too much")
		}
		state.Cents += amount.Cents
		return nil
	})
}

func withdraw(ctx *guest.Context, amount *account.Amount) (*account.Balance, error) {
	return change(ctx, amount.Cents, func(state *account.State) error {
		if balanceOf(state).FreeCents < amount.Cents {
			return guest.Error(guest.FailedPrecondition, "there is less")
		}
		state.Cents -= amount.Cents
		return nil
	})
}

func hold(ctx *guest.Context, request *account.HoldRequest) (*account.Balance, error) {
	return change(ctx, request.Cents, func(state *account.State) error {
		switch {
		case request.Milliseconds > mostMilliseconds:
			return guest.Error(guest.InvalidArgument, "that is more than a day")
		case len(state.Holds) >= mostHolds:
			return guest.Error(guest.FailedPrecondition, "there are too many")
		case balanceOf(state).FreeCents < request.Cents:
			return guest.Error(guest.FailedPrecondition, "there is less")
		}
		until := time.Now().UnixMilli() + int64(request.Milliseconds)
		state.Holds = append(state.Holds, &account.State_Held{Cents: request.Cents, UntilMs: until})
		return nil
	})
}

func show(ctx *guest.Context, _ *account.ShowRequest) (balance *account.Balance, err error) {
	err = state.Read(ctx, func(state *account.State) error {
		balance = balanceOf(state)
		return nil
	})
	return balance, err
}

func change(ctx *guest.Context, cents int64, make func(state *account.State) error) (*account.Balance, error) {
	if cents <= 0 {
		return nil, guest.Error(guest.InvalidArgument, "an amount is more than 0")
	}
	var after *account.State
	err := state.Update(ctx, func(state *account.State) error {
		after = state
		return make(state)
	})
	if err != nil {
		return nil, err
	}
	if len(after.Holds) > 0 {
		setAlarmFor(after)
	}
	return balanceOf(after), nil
}

// balanceOf is how the account stands; what was held and has passed is free.
func balanceOf(state *account.State) *account.Balance {
	held := int64(0)
	for _, hold := range state.Holds {
		if hold.UntilMs > time.Now().UnixMilli() {
			held += hold.Cents
		}
	}
	return &account.Balance{Cents: state.Cents, FreeCents: state.Cents - held}
}

func setAlarmFor(state *account.State) {
	if len(state.Holds) == 0 {
		guest.CancelAlarm()
		return
	}
	first := slices.MinFunc(state.Holds, func(one, other *account.State_Held) int { return int(one.UntilMs - other.UntilMs) })
	guest.SetAlarm(max(time.Until(time.UnixMilli(first.UntilMs)), time.Millisecond))
}

// endHolds writes down that holds have ended.
func endHolds() {
	err := state.UpdateNow(func(state *account.State) error {
		now := time.Now().UnixMilli()
		state.Holds = slices.DeleteFunc(state.Holds, func(hold *account.State_Held) bool { return hold.UntilMs <= now })
		setAlarmFor(state)
		return nil
	})
	if err != nil {
		guest.SetAlarm(pause)
	}
}
