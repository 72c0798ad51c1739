"""Signing in and out, keys and users, under ``/v1/``."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from inkread.serve.accounts import Accounts, ApiKey, Role, User, csrf_token
from inkread.serve.identity import COOKIE, caller_of, require_admin
from inkread.serve.problems import NotFound, NotSignedIn
from inkread.serve.rooms import Rooms, rooms_of

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["accounts"])


class Login(BaseModel):
    """A name and its password."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)
    password: str = Field(max_length=2000)


class NewKey(BaseModel):
    """What a new key is for."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=100)


class NewUser(BaseModel):
    """A new account."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)
    password: str = Field(max_length=2000)
    role: Role = "user"


class UserChange(BaseModel):
    """What is to be different about an account."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(None, max_length=2000)
    role: Role | None = None
    disabled: bool | None = None


def _accounts(rooms: Rooms) -> Accounts:
    if rooms.accounts is None:
        raise NotFound("accounts are off at this server")
    return rooms.accounts


def _session_answer(user: User | None, token: str | None, *, accounts: bool) -> dict[str, Any]:
    return {
        "accounts": accounts,
        "user": {"name": user.name, "role": user.role} if user else None,
        "csrf": csrf_token(token) if token else None,
    }


@router.get("/session", summary="Who is signed in")
async def session(request: Request) -> Response:
    """Who is signed in, and the token that a page sends with what it writes."""
    caller = caller_of(request)
    on = rooms_of(request).accounts is not None
    return JSONResponse(_session_answer(caller.user, caller.session_token, accounts=on))


@router.post("/session", summary="Sign in")
async def sign_in(request: Request, login: Login) -> Response:
    """A new session, in a cookie that scripts cannot see."""
    rooms = rooms_of(request)
    accounts = _accounts(rooms)
    caller = caller_of(request)
    hours = rooms.settings.session_hours
    async with rooms.hashing:
        signed_in = await asyncio.to_thread(
            accounts.sign_in, login.name, login.password, address=caller.address, hours=hours
        )
    if caller.session_token:
        await asyncio.to_thread(accounts.sign_out, caller.session_token)
    response = JSONResponse(_session_answer(signed_in.user, signed_in.token, accounts=True))
    _set_cookie(response, request, signed_in.token, max_age=int(hours * 3600))
    return response


@router.delete("/session", status_code=204, summary="Sign out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    accounts = _accounts(rooms_of(request))
    token = caller_of(request).session_token
    if token:
        await asyncio.to_thread(accounts.sign_out, token)
    response = Response(status_code=204)
    _set_cookie(response, request, "", max_age=0)
    return response


def _set_cookie(response: Response, request: Request, token: str, *, max_age: int) -> None:
    always = rooms_of(request).settings.secure_cookies
    response.set_cookie(
        COOKIE,
        token,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https" if always is None else always,
    )


def _user(request: Request) -> User:
    user = caller_of(request).user
    if user is None:
        raise NotSignedIn("sign in first")
    return user


@router.get("/keys", summary="One's own keys")
async def keys(request: Request) -> Response:
    """The keys of who is signed in, without their secrets."""
    accounts = _accounts(rooms_of(request))
    found = await asyncio.to_thread(accounts.keys, _user(request).name)
    return JSONResponse({"keys": [_key(one) for one in found]})


@router.post("/keys", status_code=201, summary="Make a key")
async def add_key(request: Request, new: NewKey) -> Response:
    """A new key; its text is shown this once."""
    accounts = _accounts(rooms_of(request))
    key, text = await asyncio.to_thread(accounts.add_key, _user(request).name, new.label)
    return JSONResponse({**_key(key), "key": text}, status_code=201)


@router.delete("/keys/{identity}", status_code=204, summary="Remove a key")
async def remove_key(request: Request, identity: Annotated[str, Path(max_length=64)]) -> Response:
    """From now on the key opens nothing."""
    accounts = _accounts(rooms_of(request))
    await asyncio.to_thread(accounts.remove_key, _user(request).name, identity)
    return Response(status_code=204)


def _key(key: ApiKey) -> dict[str, Any]:
    return {"id": key.id, "label": key.label, "created": key.created, "last_used": key.last_used}


@router.get("/users", summary="Every account (admins)")
async def users(request: Request) -> Response:
    """Every account, by name."""
    accounts = _accounts(rooms_of(request))
    require_admin(request)
    found = await asyncio.to_thread(accounts.users)
    return JSONResponse({"users": [_shown(user) for user in found]})


@router.post("/users", status_code=201, summary="Make an account (admins)")
async def add_user(request: Request, new: NewUser) -> Response:
    """A new account."""
    accounts = _accounts(rooms_of(request))
    require_admin(request)
    async with rooms_of(request).hashing:
        user = await asyncio.to_thread(accounts.add_user, new.name, new.password, role=new.role)
    return JSONResponse(_shown(user), status_code=201)


@router.patch("/users/{name}", summary="Change an account (admins)")
async def change_user(request: Request, name: Annotated[str, Path(max_length=200)], change: UserChange) -> Response:
    """Disable or enable an account, or give it another role or password."""
    accounts = _accounts(rooms_of(request))
    require_admin(request)
    async with rooms_of(request).hashing:
        user = await asyncio.to_thread(
            accounts.change_user, name, password=change.password, role=change.role, disabled=change.disabled
        )
    return JSONResponse(_shown(user))


def _shown(user: User) -> dict[str, Any]:
    return {"name": user.name, "role": user.role, "disabled": user.is_disabled, "created": user.created}
